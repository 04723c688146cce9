package engine

import (
	"sync"
	"time"
)

// alarms are what this process has told of records, and what it has seen.
type alarms struct {
	mu       sync.Mutex
	last     map[string]time.Time // by record: when it was told
	revision map[string]uint64    // by account: the newest that was read or written here
}

const (
	alarmEvery = time.Minute // for one record
	maxSeen    = 50_000      // accounts; beyond that all are forgotten
	maxTold    = 1_000       // records
)

func (a *alarms) first(key string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if last, ok := a.last[key]; ok && now.Sub(last).Abs() < alarmEvery {
		return false
	}
	if a.last == nil || len(a.last) >= maxTold {
		a.last = map[string]time.Time{}
	}
	a.last[key] = now
	return true
}

// newest is the revision of an account that was seen here.
func (a *alarms) newest(id string) uint64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.revision[id]
}

func (a *alarms) saw(id string, revision uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.revision == nil || len(a.revision) >= maxSeen {
		a.revision = map[string]uint64{}
	}
	a.revision[id] = max(a.revision[id], revision)
}
