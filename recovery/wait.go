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

const (
	// stoppedFor is how long a stopped way is not begun again by the same proofs:
	// whoever holds them would otherwise begin as often as the owner stops.
	stoppedFor = 24 * time.Hour
	// showsFor is how long after a page load a browser is expected to load
	// another one, and its owner to see what stands in front of it.
	showsFor = 14 * 24 * time.Hour
	// PagedAfter is how old the note of a page load may be.
	PagedAfter = 24 * time.Hour
)

// StopWaits ends every wait.
func (a *Account) StopWaits(now time.Time) {
	for _, w := range a.Waits {
		a.Stopped = append(a.Stopped, Stopped{Goal: w.Goal, Way: w.Way, Proofs: w.Proofs, Until: now.Add(stoppedFor)})
	}
	a.Waits = nil
	a.DropExpired(now)
}

// stopped reports whether the owner has stopped the way lately, and the flow has
// no proof beside those that began it then.
func stopped(f Facts, g Goal, w Way) bool {
	return slices.ContainsFunc(f.Account.Stopped, func(x Stopped) bool {
		return x.Goal == g && slices.Equal(x.Way, w.Key()) && f.Now.Before(x.Until) &&
			!slices.ContainsFunc(f.Flow.Proofs, func(p Proof) bool { return !slices.Contains(x.Proofs, p.Method) })
	})
}

// Showing lists the waits that a browser of the owner has to show: those that
// run or are ripe, and of which nobody has said there that it was them. One that
// another browser has let in hears of none.
func (a *Account) Showing(device string, now time.Time) []Wait {
	if d := a.deviceByID(device); d != nil && !d.Known(now) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(a.Waits), func(w Wait) bool {
		return !now.Before(w.Until) || slices.Contains(w.Known, device)
	})
}

// OwnWaits notes that somebody said on a browser that every wait is theirs. It
// changes nothing else, and all other browsers still ask.
func (a *Account) OwnWaits(device string) {
	for i := range a.Waits {
		if w := &a.Waits[i]; !slices.Contains(w.Known, device) {
			w.Known = append(w.Known, device)
		}
	}
}

// Page notes a page load on a browser; false: that was noted lately.
func (a *Account) Page(device string, now time.Time) bool {
	for i := range a.Devices {
		if d := &a.Devices[i]; d.ID == device && now.Sub(d.Paged) >= PagedAfter {
			d.Paged = now
			return true
		}
	}
	return false
}

// Hears reports whether the owner sees a page on the device that stands in front
// of all others: a session lives there, and a person loads pages. A program with
// a cookie does not.
func (a *Account) Hears(d Device, now time.Time) bool {
	return d.Known(now) && now.Before(d.Paged.Add(showsFor)) && slices.ContainsFunc(a.Sessions, func(s Session) bool {
		return s.Device == d.ID && a.live(&s, now)
	})
}

// heard tells whether a known browser would show its owner a wait that is begun by
// these proofs: another one than asks for it, and than lets that one in.
func (f Facts) heard(proofs []string) bool {
	return slices.ContainsFunc(f.Account.Devices, func(d Device) bool {
		own := f.Device != nil && d.ID == f.Device.ID
		return !own && f.Account.Hears(d, f.Now) && !f.takesPart(d, proofs)
	})
}

// takesPart tells whether a browser lets another one in by these proofs, or may be
// the only one that could.
func (f Facts) takesPart(d Device, proofs []string) bool {
	if !slices.Contains(proofs, OtherDevice) {
		return false
	}
	if p := f.there(); p != nil {
		return p.By == d.ID
	}
	return !slices.ContainsFunc(f.Account.Devices, func(other Device) bool {
		own := f.Device != nil && other.ID == f.Device.ID
		return !own && other.ID != d.ID && f.Account.approves(&other, f.Now)
	})
}
