package engine

import (
	"strings"
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
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

// damaged tells of a record that does not open, wherever it was met: the gate
// answers 503 for ever, and somebody has to hear why.
func (e *Engine) damaged(key string) {
	e.alarm(key, "a record does not open: it is damaged, or sealed with another key")
}

// alarm tells of a record in log and events, once a minute.
func (e *Engine) alarm(key, what string) {
	if !e.alarms.first(key, e.Now()) {
		return
	}
	id, _ := strings.CutPrefix(key, recovery.AccountKey(""))
	if id == key {
		id = "" // names of other records are MACs of secrets
	}
	e.log().Error(what, "record", kv.Kind(key), "account", id)
	e.audit(recovery.Event{Name: recovery.EventAlarm, Account: id, Detail: kv.Kind(key) + ": " + what})
}

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

// compare tells of an account that is older than one seen here before it was
// read: a backup or a replica that lagged is in its place, or somebody has put
// back a copy. It opens, since the key sealed it, so nothing else would show.
// What it says counts: after a fail-over that was meant nobody is to be locked
// out.
func (e *Engine) compare(a *recovery.Account, newest uint64) {
	if a.Revision < newest {
		e.alarm(recovery.AccountKey(a.ID), "a record is older than one seen before: a backup, a replica that lagged, or a copy is in its place")
		return
	}
	e.alarms.saw(a.ID, a.Revision)
}
