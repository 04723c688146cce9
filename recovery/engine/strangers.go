package engine

import (
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// strangers counts the records that this process has made for names that nobody
// has. A record is taken to live until the end of the period after its own.
type strangers struct {
	mu           sync.Mutex
	limit        int // records
	period       time.Duration
	since        time.Time
	made, before int
}

// recordSize is what a counter takes up in the store, with its key.
const recordSize = 256

func (s *strangers) add(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(now)
	s.made++
}

func (s *strangers) many(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn(now)
	return s.made+s.before >= s.limit
}

func (s *strangers) turn(now time.Time) {
	switch age := now.Sub(s.since); {
	case age >= 2*s.period || age < 0:
		s.made, s.before, s.since = 0, 0, now
	case age >= s.period:
		s.made, s.before, s.since = 0, s.made, s.since.Add(s.period)
	}
}

// bound sets the limit. A quarter of the bytes is for the counters of networks
// that take over, and those of rows.
func (s *strangers) bound(p *recovery.Policy) {
	s.limit = max(p.Limits.Strangers/recordSize*3/4, 1)
	s.period = backoffLife(p.Limits)
	if p.Lock != nil {
		s.period = max(s.period, p.Lock.For)
	}
	s.period = max(s.period, p.Limits.SendsHourly.Per, p.Limits.SendsDaily.Per)
}

// backoffLife is how long a counter of growing waits is kept.
func backoffLife(l recovery.Limits) time.Duration { return 2*l.LastWait + l.Failures.Per }
