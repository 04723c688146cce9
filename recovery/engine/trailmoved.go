package engine

import (
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// What is in the trail is struck out by the next write of its account. Whoever signs
// in causes one soon, so that nothing is written for that alone; what nobody strikes
// out by then is at last.
const (
	movedWait = 10 * time.Minute
	movedMost = 4096 // accounts that are waited for
	movedOnce = 64   // that are written at a time
)

// movedRecords are accounts that still have records which this process has moved
// into the trail.
type movedRecords struct {
	mu sync.Mutex
	of map[string]moved
}

// moved is up to where the records of an account are in the trail, and since when.
type moved struct {
	until recovery.Head
	at    time.Time
}

// until is up to where the records of an account are in the trail.
func (m *movedRecords) until(account string) recovery.Head {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.of[account].until
}

// strike strikes out in an account that is being written what is in the trail, and
// returns up to where; zero: there is nothing.
func (m *movedRecords) strike(a *recovery.Account) recovery.Head {
	until := m.until(a.ID)
	if until.Number == 0 || !a.Trail.Settle(until) {
		return recovery.Head{}
	}
	return until
}

// struck forgets what an account does not have any more.
func (m *movedRecords) struck(account string, until recovery.Head) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if until.Number > 0 && m.of[account].until.Number == until.Number {
		delete(m.of, account)
	}
}

// note notes that records of an account are in the trail.
func (m *movedRecords) note(account string, until recovery.Head, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil {
		m.of = map[string]moved{}
	}
	if until.Number > m.of[account].until.Number {
		m.of[account] = moved{until, now}
	}
}

func (m *movedRecords) any() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.of) > 0
}

// overdue are accounts that nobody has written for a while, or any if there are too
// many; all: without waiting. With more there are others.
func (m *movedRecords) overdue(now time.Time, all bool) (accounts []string, more bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, x := range m.of {
		if len(accounts) == movedOnce {
			return accounts, true
		}
		if all || len(m.of) > movedMost || !now.Before(x.at.Add(movedWait)) {
			accounts = append(accounts, id)
		}
	}
	return accounts, false
}
