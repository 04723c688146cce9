package caddymodule

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// keyChecks tells how far a change of the root key has come.
func (o *operations) keyChecks(ctx context.Context, people []engine.Person) []check {
	s, err := o.engine.KeyState(ctx)
	if err != nil {
		return []check{{"secret", levelFault, "how far a change of it has come is not known: " + err.Error(), "", nil}}
	}
	var out []check
	if s.Unread {
		out = append(out, check{
			"secret", levelFault, "another Caddy on this store does not have the key that is in front here: it cannot read what is written here",
			"put the new key behind the old one on every Caddy first, and in front only then", nil,
		})
	}
	trail, err := o.engine.TrailKeys(ctx)
	if err != nil {
		out = append(out, check{"audit", levelFault, "the audit trail cannot be read: " + err.Error(), "", nil})
	}
	have := o.engine.Keys.IDs()
	switch {
	case s.Older:
		out = append(out, check{
			"secret", levelWarning, "records may still be sealed with an older key: without it the store does not open",
			"once the new key is in front on every Caddy: caddy sparekey rekey", nil,
		})
	case s.Spare:
		out = append(out, spareKeys(s.Free, trail, have))
	}
	return slices.Concat(out, o.untilChecks(s), trailKeys(trail, have), o.keptKeys(ctx, people), o.lostCodes(ctx, people))
}

// spareKeys tells until when keys that seal nothing any more are needed: by links and
// codes that were sent, and to check what they have written into the audit trail.
func spareKeys(free time.Time, trail map[string]time.Time, have []string) check {
	var audit time.Time
	for id, until := range trail {
		if slices.Contains(have, id) && until.After(audit) {
			audit = until
		}
	}
	const sealed = "everything is sealed with the first key; "
	switch {
	case !audit.IsZero() && !free.IsZero():
		return fine("secret", sealed+"links and codes that were sent need those behind it until %s, and the audit trail, to be checked, until %s: they go by themselves with: until %[2]s", free.Local().Format(time.DateTime), audit.Format(time.DateOnly))
	case !audit.IsZero():
		return fine("secret", sealed+"to check the audit trail those behind it are needed until %[1]s, and go by themselves with: until %[1]s", audit.Format(time.DateOnly))
	case !free.IsZero():
		return fine("secret", sealed+"one behind it may go after %s, by itself with: until %s", free.Local().Format(time.DateTime), free.UTC().Format(time.DateOnly))
	}
	return check{"secret", levelWarning, "everything is sealed with the first key", "take those behind it away", nil}
}

// trailKeys tells of keys that the audit trail needs and that are not here.
func trailKeys(trail map[string]time.Time, have []string) []check {
	var out []check
	for id, until := range trail {
		if !slices.Contains(have, id) {
			out = append(out, check{
				"audit", levelWarning, "what an older key has written cannot be checked, since it is not in \"secret\"; nothing of it is left after " + until.Format(time.DateOnly),
				"put it behind the others, to check", nil,
			})
		}
	}
	return out
}

// keptKeys tells of the root keys of a backup that was brought back.
func (o *operations) keptKeys(ctx context.Context, people []engine.Person) []check {
	roots, err := rootsIn(filepath.Join(o.app.store.Folder(), restoredKeys))
	if err != nil || len(roots) == 0 {
		return nil // without them no Caddy starts
	}
	names, err := o.engine.OlderCodes(ctx, people)
	switch {
	case err != nil:
		return nil // said by the checks of the store
	case len(names) == 0:
		return []check{fine("secret", "no recovery code needs the keys of a backup in %s any more", restoredKeys)}
	}
	return []check{fine("secret", "recovery codes that need the keys of a backup in %s, beside the store of every Caddy on it: %s", restoredKeys, strings.Join(names, ", "))}
}

// lostCodes lists people who may think that they have recovery codes.
func (o *operations) lostCodes(ctx context.Context, people []engine.Person) []check {
	names, err := o.engine.LostCodes(ctx, people)
	if err != nil || len(names) == 0 {
		return nil // said by the checks of the store
	}
	return []check{{
		"secret", levelWarning, "recovery codes that open nothing, since their key is gone: " + strings.Join(names, ", "),
		"have these people make new ones on their account page, or put the old key back behind the new one", nil,
	}}
}
