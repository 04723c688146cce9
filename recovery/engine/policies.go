package engine

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// How long a process counts as running after it last said so, which it does
// every minute, and how long policies may differ before that is told: while a
// change goes from one process to the next they do.
const (
	policyLease = 2 * time.Minute
	policyGrace = 10 * time.Minute
	policiesKey = "policies"
)

// running is a process that uses the store, and the policy it decides by.
type running struct {
	Policy map[string]string `json:"policy"`         // as [recovery.Policy.Fingerprint]
	Keys   []string          `json:"keys,omitempty"` // ids of its root keys, newest first; older versions do not say
	Seen   time.Time         `json:"seen"`
}

// policies is the record of all processes.
type policies struct {
	Running map[string]running `json:"running"`
	Since   time.Time          `json:"since,omitzero"` // they differ; zero: they do not
}

// Difference is another policy among the processes of a store.
type Difference struct {
	Since time.Time
	Parts []string // what is not the same, as in a Caddyfile
}

// Differs tells whether another process on this store has had another policy for
// longer than it takes to change all of them, ten minutes; nil: none has. It
// changes nothing. An error means that the answer is unknown.
func (e *Engine) Differs(ctx context.Context) (*Difference, error) {
	mine, err := e.Policy.Fingerprint(e.Methods)
	if err != nil {
		return nil, err
	}
	all, _, err := kv.Load[policies](ctx, e.Store, policiesKey)
	if err != nil || all.Since.IsZero() || e.Now().Before(all.Since.Add(policyGrace)) {
		return nil, err
	}
	if parts := all.unlike(mine, e.Now()); len(parts) > 0 {
		return &Difference{all.Since, parts}, nil
	}
	return nil, nil
}

// unlike lists the parts in which a process that runs differs from a policy.
func (p policies) unlike(mine map[string]string, now time.Time) []string {
	var parts []string
	for _, r := range p.Running {
		for part, sum := range mine {
			if now.Before(r.Seen.Add(policyLease)) && r.Policy[part] != sum && !slices.Contains(parts, part) {
				parts = append(parts, part)
			}
		}
	}
	slices.Sort(parts)
	return parts
}

// Announce says that this process runs, with which policy and root keys.
func (e *Engine) Announce(ctx context.Context) error {
	if !e.Shared {
		return nil
	}
	mine, err := e.Policy.Fingerprint(e.Methods)
	if err != nil {
		return err
	}
	now := e.Now()
	_, err = kv.Update(ctx, e.Store, policiesKey, time.Time{}, func(all *policies, _ bool) error {
		all.meet(e.name, running{mine, e.Keys.IDs(), now}, now)
		return nil
	})
	return err
}

// MeetPolicies is Announce, and says once an hour into the log that another
// process has another policy.
func (e *Engine) MeetPolicies(ctx context.Context) error {
	if !e.Shared {
		return nil
	}
	if err := e.Announce(ctx); err != nil {
		return err
	}
	now := e.Now()
	d, err := e.Differs(ctx)
	if d == nil || now.Before(e.policyTold.Add(time.Hour)) {
		return err
	}
	e.policyTold = now
	e.log().Warn("another Caddy on this store has another policy, and which of them counts depends on which one answers: give all the same",
		"differs", strings.Join(d.Parts, ", "), "since", d.Since.UTC().Format(time.RFC3339))
	return nil
}

// otherKeys lists the root keys of each other process that runs, newest first.
func (e *Engine) otherKeys(ctx context.Context) ([][]string, error) {
	all, _, err := kv.Load[policies](ctx, e.Store, policiesKey)
	var keys [][]string
	for name, r := range all.Running {
		if name != e.name && e.Now().Before(r.Seen.Add(policyLease)) {
			keys = append(keys, r.Keys)
		}
	}
	return keys, err
}

// leave says that this process has stopped, so that nobody waits for it.
func (e *Engine) leave(ctx context.Context) error {
	if !e.Shared {
		return nil
	}
	_, err := kv.Update(ctx, e.Store, policiesKey, time.Time{}, func(all *policies, _ bool) error {
		delete(all.Running, e.name)
		return nil
	})
	return err
}

// meet takes a process in, drops those that have stopped, and keeps since when
// there is more than one policy.
func (p *policies) meet(name string, me running, now time.Time) {
	maps.DeleteFunc(p.Running, func(_ string, r running) bool { return !now.Before(r.Seen.Add(policyLease)) })
	if p.Running == nil {
		p.Running = map[string]running{}
	}
	p.Running[name] = me
	switch differ := len(p.unlike(me.Policy, now)) > 0; {
	case !differ:
		p.Since = time.Time{}
	case p.Since.IsZero():
		p.Since = now
	}
}
