package caddymodule

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
	"github.com/caddy-sparekey/sparekey/recovery/web"
	"github.com/caddy-sparekey/sparekey/templates"
)

// pool keeps what must outlive a reload: an open store, by its configuration.
var pool = caddy.NewUsagePool() //nolint:gochecknoglobals // shared by all configurations of the process

// runtime is what one configuration runs on.
type runtime struct {
	app     *App
	key     string
	shared  *shared
	secrets *secret.Keys // of this configuration; what is used is that of shared
	engine  *engine.Engine
	guard   *guard.Guard
	server  *web.Server
	asked   *web.Server // by other proxies
	pages   *templates.Set
	queue   *notify.Queue
	quiet   func() // ends the reminders, and waits for the one under way; and the look at secrets that end
	hasher  *secret.Hasher
	// unmeasured has the figures look at this configuration no more.
	unmeasured func()
	logger     *slog.Logger
	holds      atomic.Int64  // requests under way, and one for the configuration
	idle       chan struct{} // closed when the last hold is gone
	retired    sync.Once
}

const (
	grace    = 2 * time.Second // after a reload, requests on open connections still come
	farewell = 5 * time.Second // for messages on their way
)

// hold keeps the store open for a request. It fails once the configuration
// has ended and its last request with it.
func (rt *runtime) hold() bool {
	for {
		n := rt.holds.Load()
		if n <= 0 {
			return false
		}
		if rt.holds.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (rt *runtime) letGo() {
	if rt.holds.Add(-1) == 0 {
		close(rt.idle)
	}
}

// after ends the hold of a request, and first writes, now and then, that the
// session was used. The answer does not wait for that.
func (rt *runtime) after(d guard.Decision) {
	if !d.Due() {
		rt.letGo()
		return
	}
	go supervise.Run(rt.logger, "last use of a session", func() {
		defer rt.letGo()
		d.Touch()
	})
}

// retire gives the store back once the last request has ended, however long that
// takes: a stream ends with its session, and for that somebody must watch. At a
// reload the old server may still take requests on open connections for a
// moment; at the end of the process the caller waits for messages on their way.
func (rt *runtime) retire() {
	rt.retired.Do(func() {
		rt.shared.leave(rt.secrets)
		if caddy.Exiting() {
			rt.letGo()
			rt.release()
			return
		}
		pause := grace
		if caddy.ActiveContext().Context == nil { // nothing comes after this one
			pause = 0
		}
		go supervise.Run(rt.logger, "end of a configuration", func() {
			time.Sleep(pause)
			rt.letGo()
			rt.quiet() // the newest configuration reminds
			<-rt.idle
			rt.release()
		})
	})
}

// flush waits until nothing that is due is left in the queue.
func (rt *runtime) flush() {
	for end := time.Now().Add(farewell); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		waiting := 0
		for _, s := range rt.queue.Stats() {
			waiting += s.Waiting
		}
		if waiting == 0 {
			return
		}
	}
}

// discard ends what parts has begun, when it is not taken into use.
func (rt *runtime) discard() {
	if rt == nil || rt.queue == nil {
		return
	}
	if rt.guard != nil {
		rt.guard.Close()
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // nothing has been queued yet
	_ = rt.queue.Close(ctx)
}

func (rt *runtime) release() {
	rt.quiet()
	rt.unmeasured()
	rt.guard.Close()
	rt.flush()
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	if err := rt.queue.Close(ctx); err != nil {
		rt.logger.Warn("messages not sent before the configuration ended", "error", err)
	}
	if _, err := pool.Delete(rt.key); err != nil {
		rt.logger.Error("store not closed", "error", err)
	}
	// Connections to the app that idle hold the routes they were made for, and so
	// the app module: all of this must not hang on it.
	rt.app.runtime.Store(nil)
}
