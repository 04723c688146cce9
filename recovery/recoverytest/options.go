package recoverytest

import (
	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// Option changes a world before it starts.
type Option func(*World)

// WithDriver uses another store.
func WithDriver(d kv.Driver) Option { return func(w *World) { w.Driver = d } }

// WithPolicy edits the default policy.
func WithPolicy(edit func(*recovery.Policy)) Option { return func(w *World) { edit(w.Policy) } }

// WithTLS serves https.
func WithTLS() Option { return func(w *World) { w.tls = true } }

// AtLocalhost serves plain http under that name and not under an address, so that
// browsers make passkeys there.
func AtLocalhost() Option { return func(w *World) { w.named = true } }

// Direct has browsers ask without a connection, for very many requests. Streams
// and what is said before an answer need one.
func Direct() Option { return func(w *World) { w.direct, w.parsed = true, true } }

// Remembering has each account parsed once, for very many forms. It is not for a
// test of how long something takes.
func Remembering() Option { return func(w *World) { w.parsed = true } }

// WithMethod adds a method.
func WithMethod(m recovery.Method) Option {
	return func(w *World) { w.methods = append(w.methods, m) }
}

// WithRecipe adds a kind of flow.
func WithRecipe(r recovery.Recipe) Option {
	return func(w *World) { w.recipes = append(w.recipes, r) }
}

// WithChannels says what can be sent.
func WithChannels(channels ...string) Option {
	return func(w *World) { w.Outbox.only = append([]string{}, channels...) }
}

// InCaddy starts a Caddy built with the tag "lab" on a store: file or redis.
// Unlike the environment it leaves other tests of the process alone.
func InCaddy(program, kind string) Option {
	return func(w *World) { w.program, w.kind = program, kind }
}
