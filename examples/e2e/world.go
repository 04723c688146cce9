package e2e

import (
	"os"
	"path/filepath"
	"testing"
)

// World is everything around a Caddy, for one test.
type World struct {
	TB   testing.TB
	Dir  string // short enough for a Unix socket in it
	Mail *MailServer
	SMS  *Gateway
	App  *App

	binary string
	roots  string // what Caddy's process trusts
}

// Slow leaves a test out of the quick run, which has no Caddy to start.
func Slow(tb testing.TB) {
	tb.Helper()
	if testing.Short() {
		tb.Skip("starts Caddys: make test runs it")
	}
}

// New starts mail server, SMS gateway and app; binary comes from [Build].
// Everything stops with the test.
func New(tb testing.TB, binary string) *World {
	tb.Helper()
	Slow(tb)
	// Not TempDir: with the name of the test in it the path would be too long
	// for a Unix socket.
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &World{TB: tb, Dir: dir, binary: binary, roots: filepath.Join(dir, "roots.pem")}
	w.Mail = startMailServer(tb, newAuthority(tb, w.roots))
	w.SMS = startGateway(tb)
	w.App = startApp(tb)
	return w
}
