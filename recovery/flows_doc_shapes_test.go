package recovery_test

import (
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// knownFor is an account with a session in a browser that it has known for long.
func knownFor(a *recovery.Account, long time.Duration) *recovery.Account {
	b := a.Clone()
	b.Devices = []recovery.Device{{ID: "d", First: noon.Add(-long), Seen: noon}}
	b.Sessions = []recovery.Session{{ID: "s", Device: "d", Seen: noon, Idle: 3600, End: noon.Add(time.Hour)}}
	return b
}

// waits are those that could have been begun with what was shown, all over.
func waits(f recovery.Facts) []recovery.Wait {
	var out []recovery.Wait
	for _, goal := range []recovery.Goal{f.Flow.Goal, recovery.GoalBoth} {
		for _, way := range f.Policy.Read(goal, f.Methods.Has(recovery.ChannelMail)) {
			if !slices.ContainsFunc(way.Proofs, func(p string) bool { return !f.Flow.Has(p) }) {
				out = append(out, recovery.Wait{Goal: f.Flow.Goal, Way: slices.Sorted(slices.Values(way.Proofs)), Ready: noon, Until: noon.Add(time.Hour)})
			}
		}
	}
	return out
}
