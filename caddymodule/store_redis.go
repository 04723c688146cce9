package caddymodule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// RedisStore keeps everything in Redis 7.0 or newer, for several Caddys.
// Placeholders such as {env.REDIS_PASSWORD} are replaced in all its texts.
type RedisStore struct {
	// URL of a single server: redis:// or rediss://, perhaps with user and
	// password.
	URL string `json:"url"`
	// User, when the URL has none. Default: that of the server.
	User string `json:"user,omitempty"`
	// Password, when the URL has none. It needs no escapes.
	Password string `json:"password,omitempty"`
	// Accepts a server off this machine without encryption or without a password.
	// Default: refused.
	Insecure bool `json:"insecure,omitempty"`

	written
	place  written // what written was, which must not tell one store from another
	folder string  // of a command; empty: Caddy's data folder
}

// CaddyModule returns the Caddy module information.
func (*RedisStore) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "sparekey.stores.redis", New: func() caddy.Module { return new(RedisStore) }}
}

// Provision replaces placeholders, and puts user and password into the address.
func (s *RedisStore) Provision(caddy.Context) error {
	s.place, s.written = s.written, written{}
	err := fill(option{"store redis", &s.URL}, option{"user", &s.User}, option{"password", &s.Password})
	if err == nil {
		err = s.signOn()
	}
	return s.place.at(err)
}

// signOn moves user and password into the URL. It never shows either.
func (s *RedisStore) signOn() error {
	u, err := url.Parse(s.URL)
	switch {
	case s.User == "" && s.Password == "":
		return nil
	case err != nil || u.Host == "":
		return fmt.Errorf("store redis: %w", rediskv.ErrURL)
	case u.User != nil:
		return errors.New("store redis: the address has a user or a password already: write them there or as options, not both")
	case s.Password == "":
		return &notify.OptionError{Option: "user", Err: errors.New("store redis: a user needs a password: write password {env.REDIS_PASSWORD} below it")}
	}
	u.User = url.UserPassword(s.User, s.Password)
	s.URL, s.User, s.Password = u.String(), "", ""
	return nil
}

// Validate checks the address.
func (s *RedisStore) Validate() error {
	if err := rediskv.CheckURL(s.URL); err != nil {
		return s.place.at(fmt.Errorf("store redis: %w", err))
	}
	return s.place.at(refuseClear("", s, s.Insecure))
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
		return "store redis: without a password whoever reaches the server can delete accounts and bring old ones back: use rediss://USER:PASSWORD@HOST, or the option password"
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
func (s *RedisStore) Folder() string { return cmp.Or(s.folder, dataFolder()) }

// keptIn says in whose data folder key and socket lie.
func (s *RedisStore) keptIn(folder string) { s.folder = folder }

// UnmarshalCaddyfile sets up the store from Caddyfile tokens:
//
//	store redis URL [insecure] {
//		user NAME
//		password VALUE
//	}
func (s *RedisStore) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	s.begin(d)
	if !d.NextArg() {
		return reads(d, "store redis URL [insecure], such as store redis rediss://redis.example.com:6379")
	}
	s.URL = d.Val()
	if err := acceptsClear(d, &s.Insecure); err != nil {
		return d.Err("store redis takes one address for now, and perhaps the word insecure: Sentinel and Cluster are not built yet")
	}
	return s.words(d, map[string]func() error{
		"user": one(d, &s.User, "user NAME"), "password": one(d, &s.Password, "password VALUE"),
	})
}

// Interface guards
var (
	_ Store                 = (*RedisStore)(nil)
	_ caddy.Provisioner     = (*RedisStore)(nil)
	_ caddy.Validator       = (*RedisStore)(nil)
	_ inClear               = (*RedisStore)(nil)
	_ caddyfile.Unmarshaler = (*RedisStore)(nil)
)
