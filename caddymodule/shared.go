package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// shared is a pooled open store. Its keys are those of the configurations that
// use it, so that a secret can be replaced by a reload.
type shared struct {
	driver    kv.Driver
	keys      *secret.Keys // what all configurations work with
	announced atomic.Bool  // the set-up link has been printed
	repaired  atomic.Bool  // the roster is compared with the accounts, or will be
	store     Store
	logger    *slog.Logger

	mu      sync.Mutex
	lists   []*secret.Keys // of the configurations that have not ended, oldest first
	dropped []*secret.Keys // of those that ended lately
	control *control
}

// keepDropped is how long keys of before a reload still open: requests of the
// configuration before are under way.
const keepDropped = 2 * time.Minute

// Destruct implements caddy.Destructor.
func (s *shared) Destruct() error {
	s.mu.Lock()
	control := s.control
	s.mu.Unlock()
	control.close()
	return s.driver.Close()
}

// openShared opens the store and proves that our key fits it.
func openShared(a *App, keys *secret.Keys) (caddy.Destructor, error) {
	driver, err := a.store.Open(a.logger)
	if err != nil {
		return nil, err
	}
	s := &shared{driver: driver, keys: new(secret.Keys), store: a.store, logger: a.logger}
	s.keys.Use(keys)
	if err := s.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", a.store.Place(), err), driver.Close())
	}
	s.control = newControl(a.logger, s.keys, a.store, nil)
	return s, nil
}

// prepare seals the check value with the newest key.
func (s *shared) prepare() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return engine.Prepare(ctx, &kv.Store{Driver: s.driver, Sealer: s.keys, Now: time.Now}, s.keys)
}

// join adds the keys of a configuration that starts. They open from now on; the
// newest of them seals and signs, for all configurations at once, when the one
// before ends: until then the reload may fail, and what was sealed with a key
// that went away again would be lost. Keys that do not open the check value are
// refused, and change nothing.
func (s *shared) join(keys *secret.Keys) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := checkStore(ctx, &kv.Store{Driver: s.driver, Sealer: keys, Now: time.Now}, keys, s.store); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists = append(s.lists, keys)
	s.apply()
	return nil
}

// leave takes the keys of a configuration away that ends. Another one's are in
// front then, and these still open for a while.
func (s *shared) leave(keys *secret.Keys) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists = slices.DeleteFunc(s.lists, func(k *secret.Keys) bool { return k == keys })
	if len(s.lists) == 0 {
		return // the last one: what is under way goes on as it was
	}
	s.dropped = append(s.dropped, keys)
	time.AfterFunc(keepDropped, supervise.Func(s.logger, "keys of before", func() { s.forget(keys) }))
	s.apply()
	if s.keys.SameNewest(keys) {
		return
	}
	if err := s.prepare(); err != nil {
		s.logger.Error("the check value is not sealed with the new secret: keep the old one behind it until the next start", "error", err)
	}
	old := s.control
	s.control = newControl(s.logger, s.keys, s.store, nil)
	if o := old.current.Load(); o != nil {
		s.control.serve(o)
		s.tell(o.engine)
	}
	go supervise.Run(s.logger, "the control socket of before", old.close) // its folder may hang on the key
}

// tell has other processes know which key is in front here now: a rekey there
// waits for it.
func (s *shared) tell(e *engine.Engine) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := e.Announce(ctx); err != nil {
		s.logger.Warn("which secret is in front here is told to others in a minute", "error", err)
	}
}

func (s *shared) forget(keys *secret.Keys) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped = slices.DeleteFunc(s.dropped, func(k *secret.Keys) bool { return k == keys })
	if len(s.lists) > 0 {
		s.apply()
	}
}

func (s *shared) apply() { s.keys.Use(slices.Concat(s.lists, s.dropped)...) }

// serve makes a configuration the one that answers the command line.
func (s *shared) serve(o *operations) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.control.serve(o)
}
