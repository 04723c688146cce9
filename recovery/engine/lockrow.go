package engine

import (
	"context"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// locked tells the roster of the locks that a wrong try has begun: after the
// answer, which must not tell by its time whether there is such an account.
func (r *run) locked(meters []meter) {
	for _, m := range meters {
		if m.begun.IsZero() || r.flow.IsDecoy() {
			continue
		}
		id, l := r.account.ID, rowLock{m.begun, m.locks, r.lockOf(r.account, m.locks)}
		ev := r.lockEvent(m)
		job := func(ctx context.Context) {
			r.audit(ev)
			if err := r.Engine.writeLock(ctx, id, l); err != nil {
				r.log().Warn("a lock is not in the roster", "error", err)
			}
		}
		if !r.afterwards(job) {
			r.log().Warn("a lock is not in the roster: too much waits")
		}
	}
}

// lockEvent is what the log says of it.
func (r *run) lockEvent(m meter) recovery.Event {
	ev := r.event(recovery.EventLocked)
	if ev.Method = m.locks; m.locks == lockOfPause {
		ev.Method = recovery.Password
	}
	ev.Detail = "until " + m.begun.UTC().Format(time.RFC3339)
	return ev
}

// writeLock notes a lock, unless one that lasts longer is there.
func (e *Engine) writeLock(ctx context.Context, id string, l rowLock) error {
	return e.editBucket(ctx, bucketOf(id), func(rows []directoryEntry) ([]directoryEntry, bool) {
		i := slices.IndexFunc(rows, rowOf(id))
		if i < 0 || rows[i].Lock != nil && rows[i].Lock.Until.After(l.Until) {
			return rows, false
		}
		rows[i].Lock = &l
		return rows, true
	})
}
