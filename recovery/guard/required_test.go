package guard_test

import (
	"slices"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestMF14_ExplainSaysWhichGroupsDoNotCount, as the gate leaves them out.
func TestMF14_ExplainSaysWhichGroupsDoNotCount(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	methods := method.All(method.Set{})
	p := recovery.Default()
	p.FactorFor = []string{"staff"}
	staff := guard.Question{Rules: &guard.Rules{Allow: []string{"staff"}}}
	for _, tt := range []struct {
		name   string
		proofs []string
		q      guard.Question
		want   guard.Reason
		barred []string
	}{
		{"without a second factor", []string{recovery.Password}, staff, guard.DeniedFactor, []string{"staff"}},
		{"without one, where everybody may", []string{recovery.Password}, guard.Question{}, guard.Allowed, []string{"staff"}},
		{"with one", []string{recovery.Password, recovery.TOTP}, staff, guard.Allowed, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := recoverytest.Account(tt.proofs...)
			a.Groups = []string{"family", "staff"}
			x := guard.Explain(p, methods, a, methods.WholeSession(a, now), tt.q, now)
			if x.Reason != tt.want || !slices.Equal(x.Barred, tt.barred) || x.Locked {
				t.Errorf("got %v, not counted %q, locked %v, want %v, %q, false", x.Reason, x.Barred, x.Locked, tt.want, tt.barred)
			}
		})
	}
	p.FactorFor = nil
	a := recoverytest.Account(recovery.Password)
	if x := guard.Explain(p, methods, a, methods.WholeSession(a, now), guard.Question{}, now); x.Reason != guard.DeniedFactor || !x.Locked {
		t.Errorf("got %v, locked %v, where everybody must have one", x.Reason, x.Locked)
	}
}
