package recovery

import (
	"slices"
	"time"
)

// Key is how a wait remembers its way: a policy written in another order is
// still the same way.
func (w Way) Key() []string {
	k := slices.Clone(w.Proofs)
	slices.Sort(k)
	return k
}

// PendingWait returns when the wait begun for a goal and way is over, ripe or not;
// zero when there is none. It ends on the day that was named, or later when the
// policy has come to ask for more. One that would be forgotten before it is over
// is none: a new one can begin.
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
