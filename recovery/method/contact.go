package method

import (
	"context"
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
		Throttle: recovery.ThrottlePatience, Page: recovery.PageFactor,
	}
}

// Times implements recovery.Counted.
func (Contact) Times(n int) recovery.Method { return Contact{N: n} }

// Need is how many people have to vouch.
func (m Contact) Need() int { return max(m.N, 1) }

// Ready implements recovery.Method.
func (m Contact) Ready(a *recovery.Account, _ time.Time) bool { return len(a.Vouchers) >= m.Need() }

// Verify implements recovery.Method. Who has vouched is written into the flow
// by the engine before it asks.
func (m Contact) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	if len(t.Vouched) < m.Need() {
		return recovery.Verdict{Problem: &recovery.Problem{Key: recovery.ProblemContactWaiting}}, nil
	}
	return recovery.Verdict{OK: true}, nil
}
