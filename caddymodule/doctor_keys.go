package caddymodule

import (
	"context"
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
	switch {
	case s.Older:
		out = append(out, check{
			"secret", levelWarning, "records may still be sealed with an older key: without it the store does not open",
			"once the new key is in front on every Caddy: caddy sparekey rekey", nil,
		})
	case s.Spare && !s.Free.IsZero():
		out = append(out, fine("secret", "everything is sealed with the first key; one behind it may go after %s", s.Free.Local().Format(time.DateTime)))
	case s.Spare:
		out = append(out, check{"secret", levelWarning, "everything is sealed with the first key", "take those behind it away", nil})
	}
	return append(out, o.lostCodes(ctx, people)...)
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
