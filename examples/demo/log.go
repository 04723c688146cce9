package main

import (
	"encoding/json"
	"io"
	"os"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
)

func init() { caddy.RegisterModule(logWriter{}) }

// logWriter is where Caddy's log goes: to standard error, but for the line with
// the set-up link, which [welcome] shows so that nobody overlooks it.
type logWriter struct{}

// CaddyModule returns the Caddy module information.
func (logWriter) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.logging.writers.sparekey_demo", New: func() caddy.Module { return new(logWriter) }}
}

// String names it in messages.
func (logWriter) String() string { return "sparekey demo" }

// WriterKey implements [caddy.WriterOpener].
func (logWriter) WriterKey() string { return "sparekey_demo" }

// OpenWriter implements [caddy.WriterOpener].
func (logWriter) OpenWriter() (io.WriteCloser, error) { return lines{}, nil }

// UnmarshalCaddyfile reads "output sparekey_demo".
func (logWriter) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	d.Next()
	if d.NextArg() {
		return d.ArgErr()
	}
	return nil
}

type lines struct{}

// Write takes one line of JSON.
func (lines) Write(line []byte) (int, error) {
	var entry struct{ Link string }
	if json.Unmarshal(line, &entry) == nil && entry.Link != "" {
		seen.Lock()
		seen.link = entry.Link
		seen.Unlock()
		return len(line), nil
	}
	return os.Stderr.Write(line)
}

func (lines) Close() error { return nil }

// seen is here because Caddy makes the writer and hands nobody a way to it.
var seen struct { //nolint:gochecknoglobals // see above
	sync.Mutex
	link string
}

// linkSeen is the set-up link Caddy has logged; empty when there are accounts.
func linkSeen() string {
	seen.Lock()
	defer seen.Unlock()
	return seen.link
}

// Interface guards
var (
	_ caddy.WriterOpener    = (*logWriter)(nil)
	_ caddyfile.Unmarshaler = (*logWriter)(nil)
)
