package recovery

import (
	"slices"
	"time"
)

// Key names the way of a wait. The order in which the policy writes its proofs
// does not matter.
func (w Way) Key() []string {
	k := slices.Clone(w.Proofs)
	slices.Sort(k)
	return k
}

// PendingWait returns the end of the wait begun for a goal and way, past or
// future; zero when there is none. It is the day that was named, or later when
// the policy asks for a longer wait now. A wait that would be dropped before
// its end counts as none, so that a new one can begin.
func (f Facts) PendingWait(g Goal, w Way) time.Time {
	for _, x := range f.Account.Waits {
		over := x.Ready
		if longer := x.Began.Add(w.Wait); longer.After(over) {
			over = longer
		}
		end := over.Add(f.Policy.Lifetimes.Ripe)
		if x.Until.Before(end) {
			end = x.Until
		}
		if x.Goal == g && slices.Equal(x.Way, w.Key()) && f.Now.Before(end) && over.Before(end) {
			return over
		}
	}
	return time.Time{}
}
