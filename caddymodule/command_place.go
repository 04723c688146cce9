package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/boltkv"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// place is a store that exists, as a command sees it.
type place struct {
	app    *App
	origin string // of the first site in the configuration; empty: not known
	bare   bool   // no configuration was read: the store is all that is known
}

// ownStore finds the file store in Caddy's data folder: that of this user, or
// else that of the system's service.
func ownStore(a *App) (*place, error) {
	return fileStore(a, "start Caddy once, or say where its store is with --config FILE or --data DIR",
		filepath.Join(dataFolder(), storeFile), filepath.Join(systemFolder, storeFile))
}

// fileStore makes the first of the paths that is a file the store of a.
func fileStore(a *App, advice string, paths ...string) (*place, error) {
	var looked []string
	for _, path := range paths {
		if whole, err := filepath.Abs(path); err == nil {
			path = whole
		}
		info, err := os.Stat(path)
		switch {
		case err == nil && info.Mode().IsRegular():
			raw, err := json.Marshal(map[string]string{"store": "file", "path": path})
			a.StoreRaw = raw
			return &place{app: a, bare: true}, errors.Join(err, a.forCommand())
		case errors.Is(err, fs.ErrPermission):
			path, advice = path+" (permission denied)", "run this as the user Caddy runs as"
		case err == nil:
			path += " (not a file)"
		}
		looked = append(looked, path)
	}
	return nil, fmt.Errorf("no store found; looked for %s: %s", strings.Join(looked, " and "), advice)
}

// forCommand is as much of Provision as a command needs: notifiers may want
// secrets that this shell does not have.
func (a *App) forCommand() error {
	// Warnings are in the log of the Caddy that uses the store every day.
	a.logger = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	store, err := ctx.LoadModule(a, "StoreRaw")
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	a.store = store.(Store)
	_ = a.texts() // pages and links may lack what only Caddy's environment has
	a.policy, err = a.buildPolicy()
	return err
}

// call does an operation in the Caddy that holds the store, or here when there
// is none.
func (p *place) call(cmd *cobra.Command, op string, args arguments) ([]byte, error) {
	return p.callAndTell(cmd.Context(), op, args, func(how string) { say(cmd, "%s", plain(how)) })
}

// callAndTell is call for who asks several times: how tells the way taken,
// before it is taken when that may wait for a lock.
func (p *place) callAndTell(ctx context.Context, op string, args arguments, how func(string)) ([]byte, error) {
	keys, err := p.keys()
	if err != nil {
		return nil, err
	}
	sockets := controlSockets(keys, p.app.store)
	for _, socket := range sockets {
		answer, err := remote{socket: socket, keys: keys, now: time.Now}.call(ctx, op, args)
		if errors.Is(err, errNobody) {
			continue
		}
		how("asked the running Caddy at " + socket)
		return answer, err
	}
	how("no Caddy is running here; opening " + p.app.store.Place())
	answer, err := p.callHere(ctx, keys, op, args)
	if errors.Is(err, boltkv.ErrInUse) {
		return nil, fmt.Errorf("a Caddy has %s open but does not listen at %s: if it has just been started try again, else its log says why",
			p.app.store.Place(), strings.Join(sockets, " or "))
	}
	return answer, err
}

// keys reads the root keys; it makes none.
func (p *place) keys() (*secret.Keys, error) {
	if len(p.app.Secrets) > 0 {
		keys, err := p.app.rootKeys()
		if err != nil {
			return nil, fmt.Errorf("%w (run this with the environment and as the user Caddy has)", err)
		}
		return keys, nil
	}
	path := filepath.Join(p.app.store.Folder(), keyFile)
	switch _, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("no key found at %s: if it is in the configuration, name that with --config FILE", path)
	case err != nil:
		return nil, fmt.Errorf("key file: %w", err)
	}
	keys, err := p.app.rootKeys()
	if errors.Is(err, fs.ErrPermission) {
		err = fmt.Errorf("%w: run this as the user Caddy runs as", err)
	}
	return keys, err
}

// callHere opens the store and does an operation on it.
func (p *place) callHere(ctx context.Context, keys *secret.Keys, op string, args arguments) (answer []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, deadline(op))
	defer cancel()
	err = p.with(ctx, keys, func(o *operations) error {
		answer, err = o.call(ctx, op, args)
		return err
	})
	return answer, err
}

// with opens the store for what is done there.
func (p *place) with(ctx context.Context, keys *secret.Keys, do func(*operations) error) (err error) {
	driver, err := p.app.store.Open(p.app.logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, driver.Close()) }()
	s := &kv.Store{Driver: driver, Sealer: keys, Now: time.Now}
	if err := checkStore(ctx, s, keys, p.app.store); err != nil {
		return err
	}
	e, err := engine.New(&engine.Engine{
		Store: s, Keys: keys, Policy: p.app.policy, Now: time.Now, Audit: p.app.audit, Log: p.app.logger, Outside: markFileOfCommand(),
		Methods:    method.All(method.Set{Keys: keys, Hasher: secret.NewHasher(p.app.policy.Hash, 0), Has: p.app.has}),
		RuleGroups: ruleGroups(p.app.rules), LockedOut: p.lockedOut(),
	})
	if err != nil {
		return err
	}
	err = do(&operations{engine: e, origin: func() string { return p.origin }, app: p.app, bare: p.bare})
	if bad := e.EndTrail(ctx); bad != nil {
		p.app.logger.Warn("the audit trail is written by the next Caddy that starts", "error", bad)
	}
	return err
}

// lockedOut tells of people in lists whether they would be locked out; nil: without
// a configuration it is not known.
func (p *place) lockedOut() func(engine.Person) bool {
	if p.bare {
		return nil
	}
	return p.app.lockedOut
}
