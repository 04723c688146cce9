package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/boltkv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// Store is a module below sparekey.stores. An unknown one is a module of
// somebody else's; nothing here lists them.
type Store interface {
	// Open opens it. The error names the place and the remedy.
	Open(*slog.Logger) (kv.Driver, error)
	// Place names it for messages, without secrets.
	Place() string
	// Folder is where the key and the control socket live.
	Folder() string
}

// FileStore keeps everything in one file: the default, for one Caddy.
type FileStore struct {
	// Path of the file. Default: sparekey/sparekey.db in Caddy's data folder.
	Path string `json:"path,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (*FileStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sparekey.stores.file", New: func() caddy.Module { return new(FileStore) }}
}

// Provision fills in the default path.
func (s *FileStore) Provision(caddy.Context) error {
	if s.Path == "" {
		s.Path = filepath.Join(dataFolder(), "sparekey.db")
	}
	return nil
}

// Open implements Store.
func (s *FileStore) Open(log *slog.Logger) (kv.Driver, error) {
	return boltkv.Open(s.Path, boltkv.Options{Logger: log})
}

// Place implements Store.
func (s *FileStore) Place() string { return s.Path }

// Exclusive says that no other process can have the store open.
func (*FileStore) Exclusive() {}

// Address is for people who look for the store.
func (s *FileStore) Address() string { return "file " + s.Path }

// Folder implements Store.
func (s *FileStore) Folder() string { return filepath.Dir(s.Path) }

// UnmarshalCaddyfile sets up the store from Caddyfile tokens:
//
//	store file [PATH]
func (s *FileStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		s.Path = d.Val()
	}
	if d.NextArg() {
		return d.ArgErr()
	}
	return nothingMore(d)
}

// RedisStore keeps everything in Redis 7.0 or newer, for several Caddys.
type RedisStore struct {
	// URL of a single server: redis:// or rediss://, with user and password.
	// Placeholders such as {env.REDIS_URL} are replaced.
	URL string `json:"url"`
	// Accepts a server off this machine without encryption or without a password.
	// Default: refused.
	Insecure bool `json:"insecure,omitempty"`
	// Where it was written, for messages.
	Line string `json:"line,omitempty"`

	line string // Line, which must not tell one store from another
}

// CaddyModule returns the Caddy module information.
func (*RedisStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sparekey.stores.redis", New: func() caddy.Module { return new(RedisStore) }}
}

// Provision replaces placeholders.
func (s *RedisStore) Provision(caddy.Context) error {
	url, err := caddy.NewReplacer().ReplaceOrErr(s.URL, true, true)
	if err != nil {
		return fmt.Errorf("redis address: %w", err)
	}
	s.URL = url
	s.line, s.Line = s.Line, ""
	return nil
}

// Validate checks the address.
func (s *RedisStore) Validate() error {
	if !strings.HasPrefix(s.URL, "redis://") && !strings.HasPrefix(s.URL, "rediss://") {
		return at(s.line, rediskv.ErrURL)
	}
	return at(s.line, refuseClear(s, s.Insecure))
}

// InClear implements inClear.
func (s *RedisStore) InClear() string {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || web.Loopback(u.Host) {
		return ""
	}
	password, _ := u.User.Password()
	switch {
	case u.Scheme != "rediss":
		return "store redis: over redis:// everything, the password of the server too, crosses the network in the clear: use rediss://"
	case password == "":
		return "store redis: without a password whoever reaches the server can delete accounts and bring old ones back: use rediss://USER:PASSWORD@HOST"
	}
	return ""
}

// Open implements Store.
func (s *RedisStore) Open(log *slog.Logger) (kv.Driver, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return rediskv.Open(ctx, rediskv.Options{URL: s.URL, Logger: log})
}

// Place implements Store.
func (s *RedisStore) Place() string { return "redis" }

// Address is for people who look for the store: the URL without user, password
// and options.
func (s *RedisStore) Address() string {
	u, err := url.Parse(s.URL)
	if err != nil {
		return "redis"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// Folder implements Store.
func (s *RedisStore) Folder() string { return dataFolder() }

// UnmarshalCaddyfile sets up the store from Caddyfile tokens:
//
//	store redis URL [insecure]
func (s *RedisStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if !d.NextArg() {
		return d.ArgErr()
	}
	s.URL, s.Line = d.Val(), lineOf(d)
	if err := acceptsClear(d, &s.Insecure); err != nil {
		return d.Err("store redis takes one address for now, and perhaps the word insecure: Sentinel and Cluster are not built yet")
	}
	return nothingMore(d)
}

func dataFolder() string { return filepath.Join(caddy.AppDataDir(), "sparekey") }

// nothingMore refuses a block where none belongs.
func nothingMore(d *caddyfile.Dispenser) error {
	if d.NextBlock(d.Nesting()) {
		return d.Errf("unknown option %q", d.Val())
	}
	return nil
}

// Interface guards
var (
	_ Store                 = (*FileStore)(nil)
	_ Store                 = (*RedisStore)(nil)
	_ caddy.Provisioner     = (*FileStore)(nil)
	_ caddy.Provisioner     = (*RedisStore)(nil)
	_ caddy.Validator       = (*RedisStore)(nil)
	_ inClear               = (*RedisStore)(nil)
	_ caddyfile.Unmarshaler = (*FileStore)(nil)
	_ caddyfile.Unmarshaler = (*RedisStore)(nil)
)

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
