// Command caddy is the development Caddy with two more handlers, to compare
// the gate with: one that does nothing, and one that asks Redis every time. It
// is for examples/bench only.
package main

import (
	"errors"
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/redis/go-redis/v9"

	_ "github.com/caddy-sparekey/sparekey"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

func init() {
	caddy.RegisterModule(Nothing{})
	caddy.RegisterModule(new(Redis))
	httpcaddyfile.RegisterHandlerDirective("bench_nothing", parseNothing)
	httpcaddyfile.RegisterHandlerDirective("bench_redis", parseRedis)
	httpcaddyfile.RegisterDirectiveOrder("bench_nothing", httpcaddyfile.Before, "redir")
	httpcaddyfile.RegisterDirectiveOrder("bench_redis", httpcaddyfile.Before, "redir")
}

func main() { caddycmd.Main() }

// Nothing passes every request on: what any handler costs.
type Nothing struct{}

// CaddyModule returns the Caddy module information.
func (Nothing) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.bench_nothing", New: func() caddy.Module { return new(Nothing) }}
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (Nothing) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	return next.ServeHTTP(w, r)
}

func parseNothing(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	h.Next()
	if h.NextArg() {
		return nil, h.ArgErr()
	}
	return Nothing{}, nil
}

// Redis reads one key for each request, as a gate does that keeps sessions in
// Redis and nothing in memory.
type Redis struct {
	URL string `json:"url"` // redis://HOST:PORT/DATABASE, required

	client *redis.Client
}

// key is read for every request. What it holds is of no interest.
const key = "bench-session"

// CaddyModule returns the Caddy module information.
func (*Redis) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.bench_redis", New: func() caddy.Module { return new(Redis) }}
}

// Provision connects. A connection for every request under way is allowed, so
// that none waits for another.
func (b *Redis) Provision(caddy.Context) error {
	o, err := redis.ParseURL(b.URL)
	if err != nil {
		return err
	}
	o.PoolSize = 128
	b.client = redis.NewClient(o)
	return nil
}

// Cleanup closes the connections.
func (b *Redis) Cleanup() error {
	if b.client == nil {
		return nil
	}
	return b.client.Close()
}

// ServeHTTP implements caddyhttp.MiddlewareHandler.
func (b *Redis) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if err := b.client.Get(r.Context(), key).Err(); err != nil && !errors.Is(err, redis.Nil) {
		return caddyhttp.Error(http.StatusServiceUnavailable, err)
	}
	return next.ServeHTTP(w, r)
}

func parseRedis(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
	b := new(Redis)
	h.Next()
	if !h.AllArgs(&b.URL) {
		return nil, h.ArgErr()
	}
	return b, nil
}

// Interface guards
var (
	_ caddyhttp.MiddlewareHandler = Nothing{}
	_ caddyhttp.MiddlewareHandler = (*Redis)(nil)
	_ caddy.Provisioner           = (*Redis)(nil)
	_ caddy.CleanerUpper          = (*Redis)(nil)
)
