package notify

import (
	"sync"
	"time"
)

// budget counts what was sent in a UTC day.
type budget struct {
	mu     sync.Mutex
	day    string
	used   int
	warned bool
}

// take charges one message and tells whether the day still has room for it.
// warn is called once a day, when 80 % are used. A limit of 0 is no limit.
func (b *budget) take(now time.Time, limit int, warn func(used int)) bool {
	if limit == 0 {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if day := now.UTC().Format(time.DateOnly); day != b.day {
		b.day, b.used, b.warned = day, 0, false
	}
	if b.used >= limit {
		return false
	}
	b.used++
	if !b.warned && b.used*5 >= limit*4 {
		b.warned = true
		warn(b.used)
	}
	return true
}

// giveBack returns the charge of a message that was surely not sent, so that a
// gateway that is down for an hour does not use up the day.
func (b *budget) giveBack() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used > 0 {
		b.used--
	}
}
