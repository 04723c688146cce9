package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

const (
	firstRetry = time.Second      // to open a store that is away
	lastRetry  = 30 * time.Second // each wait is twice the one before, up to this
	tellEvery  = time.Minute      // the same reason
)

// waiting is a configuration whose store is away: it answers 503, and opens the
// store in the background. It never opens half: see newRuntime.
type waiting struct {
	app     *App
	opened  func(*runtime) // what is done once when the store has come
	control *control
	stop    context.CancelFunc

	mu   sync.Mutex
	err  error     // the last attempt's
	told time.Time // when err was logged last
}

// await begins to wait. The caller holds the lock of the app.
func (a *App) await(err error, opened func(*runtime)) error {
	rt, failed := a.parts(nil, nil)
	if failed != nil {
		return failed
	}
	keys, failed := a.rootKeys()
	if failed != nil {
		return failed
	}
	rt.engine.Keys, rt.engine.Store.Driver = keys, absent{}
	ctx, stop := context.WithCancel(context.Background())
	w := &waiting{app: a, opened: opened, stop: stop}
	w.learn(err, time.Now())
	w.control = newControl(a.logger, keys, a.store, w.reason)
	a.shut.Store(&shut{answer: a.pagesOf(rt).Away, end: w.end})
	go supervise.Run(a.logger, "waiting for the store", func() { w.keepOpening(ctx) })
	return nil
}

// keepOpening tries until the store has come or the configuration has ended. When
// the reason changes somebody is at work on it, and the waits begin anew.
func (w *waiting) keepOpening(ctx context.Context) {
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		rt, err := w.open()
		if err == nil {
			w.arrived(rt)
			return
		}
		if w.learn(err, time.Now()) {
			pause = firstRetry / 2
		}
	}
}

// errOpening is why an attempt failed that gave no reason.
var errOpening = errors.New("opening the store has failed: see the log for \"panic\"")

func (w *waiting) open() (rt *runtime, err error) {
	err = errOpening
	supervise.Run(w.app.logger, "opening the store", func() { rt, err = newRuntime(w.app) })
	return rt, err
}

// learn notes why the store is not open, tells it when it is new or a minute has
// passed, and reports whether it is new. What nobody can mend but the operator is
// an error.
func (w *waiting) learn(err error, now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	changed := w.err == nil || w.err.Error() != err.Error()
	w.err = err
	if !changed && now.Sub(w.told) < tellEvery {
		return false
	}
	w.told = now
	if errors.Is(err, kv.ErrAway) {
		w.app.logger.Warn("the store is away: the gate answers 503 and lets nobody pass until it has come; other sites are served", "error", err)
	} else {
		w.app.logger.Error("the store is not opened: the gate answers 503 and lets nobody pass until this is mended", "error", err)
	}
	return changed
}

// reason is why the store is not open.
func (w *waiting) reason() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// end stops waiting. It may be called twice.
func (w *waiting) end() {
	w.stop()
	if caddy.Exiting() {
		w.control.close()
		return
	}
	go supervise.Run(w.app.logger, "the control socket of before", w.control.close) // it may be answering
}

// arrived takes the open store into use, unless the configuration has ended.
func (w *waiting) arrived(rt *runtime) {
	a := w.app
	a.mu.Lock()
	ended := a.closed
	if !ended {
		a.runtime.Store(rt)
		a.shut.Store(nil)
	}
	a.mu.Unlock()
	if ended {
		rt.retire()
		return
	}
	w.end()
	a.logger.Info("the store has come: the gate is open", "store", a.store.Place())
	w.opened(rt)
}

// unopened answers a command while there is no store.
func (c *control) unopened(name string) ([]byte, error) {
	if c.away == nil {
		return nil, errors.New("this Caddy is still starting: try again in a moment")
	}
	err := c.away()
	if name != opDoctor {
		return nil, fmt.Errorf("this Caddy has no store, and answers 503 until it has: %w", err)
	}
	remedy := "nothing but its store: the gate opens by itself when it has come"
	if !errors.Is(err, kv.ErrAway) {
		remedy = "mend that: the gate then opens by itself"
	}
	return json.Marshal([]check{
		fine("caddy", "running, and answers 503 at the gate"),
		{"store", levelFault, err.Error(), remedy, nil},
	})
}

// absent is the store of a gate that has none: nothing can be told from it.
type absent struct{}

// Get implements kv.Driver.
func (absent) Get(context.Context, string) ([]byte, error) { return nil, kv.ErrAway }

// Swap implements kv.Driver.
func (absent) Swap(context.Context, string, []byte, []byte, time.Duration) (bool, error) {
	return false, kv.ErrAway
}

// Keys implements kv.Driver.
func (absent) Keys(context.Context, string) ([]string, error) { return nil, kv.ErrAway }

// Close implements kv.Driver.
func (absent) Close() error { return nil }
