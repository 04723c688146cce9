package engine

import (
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
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
