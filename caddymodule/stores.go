package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Store is a module below sparekey.stores. An unknown one is a module of
// somebody else's; nothing here lists them.
type Store interface {
	// Open opens it. The error names the place and the remedy. While it wraps
	// [kv.ErrAway], the gate stays closed and Open is tried again.
	Open(*slog.Logger) (kv.Driver, error)
	// Place names it for messages, without secrets.
	Place() string
	// Folder is where the key and the control socket live.
	Folder() string
}

func dataFolder() string { return filepath.Join(caddy.AppDataDir(), "sparekey") }

// checkStore proves that a Caddy has used the store, with our keys. Unlike
// [engine.Prepare] it writes nothing.
func checkStore(ctx context.Context, s *kv.Store, keys *secret.Keys, where Store) error {
	const first = "check" // the record that Prepare writes
	_, ok, err := kv.Load[string](ctx, s, first)
	switch {
	case errors.Is(err, kv.ErrDamaged):
		return fmt.Errorf("%s: %w", where.Place(), engine.ErrKeyMismatch)
	case err != nil:
		return fmt.Errorf("%s: %w", where.Place(), err)
	case !ok:
		return fmt.Errorf("%s holds nothing of Sparekey: start Caddy once, or check the configuration", where.Place())
	}
	if err := engine.Fits(ctx, s, keys); err != nil {
		return fmt.Errorf("%s: %w", where.Place(), err)
	}
	return nil
}
