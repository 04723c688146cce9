package recovery_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// A browser that lets another one in is no witness of the wait that begins so: with
// it alone, and no channel, there is no such way.
func TestDV08_WhoTakesPartHearsOfNoWait(t *testing.T) {
	t.Parallel()
	shown := recovery.Proof{Method: recovery.OtherDevice, There: []string{recovery.Password}, By: "d"}
	for _, tc := range []struct {
		name    string
		browser int // known ones
		proofs  []recovery.Proof
		want    bool
	}{
		{"one browser, which let this one in", 1, []recovery.Proof{shown}, false},
		{"two, of which one did", 2, []recovery.Proof{shown}, true},
		{"one browser, which would have to", 1, []recovery.Proof{{Method: recovery.RecoveryCode}}, false},
		{"two, of which one would have to", 2, []recovery.Proof{{Method: recovery.RecoveryCode}}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := knownFor(recoverytest.Account(recovery.Password, recovery.TOTP, recovery.RecoveryCode), 48*time.Hour)
			a.Addresses, a.Created = nil, noon.Add(-30*day)
			a.Devices[0].Paged = noon
			if tc.browser == 2 {
				other, s := a.Devices[0], a.Sessions[0]
				other.ID, s.ID, s.Device = "e", "t", "e"
				a.Devices, a.Sessions = append(a.Devices, other), append(a.Sessions, s)
			}
			p := recovery.Default()
			p.Ways[recovery.GoalSecondFactor] = []recovery.Way{{Proofs: []string{recovery.Password, recovery.OtherDevice}, Wait: recovery.MinWait}}
			p.Ways[recovery.GoalBoth] = nil
			step := recoverytest.Next(recovery.Facts{
				Flow: &recovery.Flow{Kind: recovery.KindRecover, Goal: recovery.GoalSecondFactor, Proofs: tc.proofs}, Account: a, Policy: p,
				Methods: method.All(method.Set{Has: everything}), Now: noon,
			})
			if got := step.Dead == ""; got != tc.want {
				t.Errorf("offered %v, want %v: %+v", got, tc.want, step)
			}
		})
	}
}
