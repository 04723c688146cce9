package method

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Contact is the proof that other people with an account here vouch for this
// one. They are called, hear a code, and approve with a fresh strong proof of
// their own. contact*2 asks two of them.
type Contact struct {
	N int // people needed; zero: one
}

// Traits implements recovery.Method.
func (m Contact) Traits() recovery.Traits {
	name := recovery.VouchedBy
	if m.N > 1 {
		name += "*" + strconv.Itoa(m.N)
	}
	return recovery.Traits{
		Name: name, Source: name, Class: recovery.ClassHeld, First: true,
		Throttle: recovery.ThrottlePatience, Page: recovery.PageFactor, Wrong: recovery.ProblemContactWaiting,
	}
}

// Times implements recovery.Counted.
func (Contact) Times(n int) recovery.Method { return Contact{N: n} }

// Need is how many people have to vouch.
func (m Contact) Need() int { return max(m.N, 1) }

// Ready implements recovery.Method.
func (m Contact) Ready(a *recovery.Account, _ time.Time) bool {
	return len(a.TrustedContacts) >= m.Need()
}

// May implements recovery.Remote.
func (Contact) May(a *recovery.Account, id string) bool {
	return slices.ContainsFunc(a.TrustedContacts, func(v recovery.TrustedContact) bool { return v.ID == id })
}

// Call implements recovery.Remote.
func (Contact) Call(a *recovery.Account, f *recovery.Flow) (ids []string, template string) {
	for _, v := range a.TrustedContacts {
		ids = append(ids, v.ID)
	}
	if f.Trial {
		return ids, "contact-drill"
	}
	return ids, "contact-ask"
}

// Verify implements recovery.Method.
func (m Contact) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	if len(t.Answers) < m.Need() {
		return recovery.Verdict{Problem: &recovery.Problem{Key: recovery.ProblemContactWaiting}}, nil
	}
	return recovery.Verdict{OK: true}, nil
}
