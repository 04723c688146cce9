//go:build unix

package guard_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// A further gate on a request decides about the same person by its own rules, and
// lets nobody pass whom the one before did not.
func TestAFurtherGateDecidesAboutTheSamePerson(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	cookie := signedInMany(t, w, 1, 1)[0]
	admins, parents := []string{recovery.GroupAdmins}, []string{"parents"}
	passed := allowed(t, w.Guard, cookie)
	for _, tc := range []struct {
		name   string
		before guard.Decision
		allow  []string
		want   guard.Reason
	}{
		{"for everybody", passed, nil, guard.Allowed},
		{"for the group", passed, admins, guard.Allowed},
		{"for another group", passed, parents, guard.DeniedForbidden},
		{"after nothing was decided", guard.Decision{}, nil, guard.DeniedUnknown},
		{"after a refusal", w.Guard.Check(t.Context(), guard.Question{Cookie: cookie, Rules: &guard.Rules{Allow: parents}}), nil, guard.DeniedUnknown},
		{"after nobody", w.Guard.Check(t.Context(), guard.Question{}), nil, guard.DeniedUnknown},
	} {
		if d := w.Guard.Again(tc.before, guard.Question{Rules: &guard.Rules{Allow: tc.allow}}); d.Reason != tc.want || d.OK() != (tc.want == guard.Allowed) {
			t.Errorf("%s: got reason %d, want %d", tc.name, d.Reason, tc.want)
		}
	}
	w.Clock.Move(w.Policy.Lifetimes.SessionIdle + time.Minute)
	if d := w.Guard.Again(passed, guard.Question{}); d.Reason != guard.DeniedAnonymous {
		t.Errorf("after the session has ended: got reason %d, want %d", d.Reason, guard.DeniedAnonymous)
	}
}

// Each gate on a request ends it by its own rules.
func TestStreamsEndWithTheStricterGate(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	cookie := signedInMany(t, w, 1, 1)[0]
	passed := allowed(t, w.Guard, cookie)
	outer := w.Guard.Follow(t.Context(), new(cuts), passed)
	defer outer.Leave()
	d := w.Guard.Again(passed, guard.Question{Rules: &guard.Rules{Allow: []string{recovery.GroupAdmins}}})
	inner := w.Guard.Follow(outer, new(cuts), d)
	defer inner.Leave()
	_, err := kv.Update(t.Context(), w.Engine.Store, "account/"+cookie[:22], time.Time{}, func(a *recovery.Account, _ bool) error {
		a.Groups = nil
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ended(t, inner, time.Second)
	goesOn(t, outer)
}
