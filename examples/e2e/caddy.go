package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// Caddy is one process with folders of its own. It is for one goroutine.
type Caddy struct {
	Config Config
	URL    string // origin of the site
	Log    *Log   // what it wrote since the first start

	tb    testing.TB
	world *World
	dir   string
	cmd   *exec.Cmd
	done  chan struct{} // closed when the process has been waited for
}

const (
	startTime = 20 * time.Second // on a busy machine
	stopTime  = 15 * time.Second // then it is killed
)

// Caddy prepares a Caddy that is not running yet, and stops it with the test.
func (w *World) Caddy(c Config) *Caddy {
	w.TB.Helper()
	dir, err := os.MkdirTemp(w.Dir, "c")
	if err != nil {
		w.TB.Fatal(err)
	}
	if c.Store == "" {
		c.Store = "file"
	}
	if c.Bind == "" {
		c.Bind = "127.0.0.1"
	}
	if c.Port == 0 {
		c.Port = freePort(w.TB)
	}
	caddy := &Caddy{Config: c, URL: c.url(), Log: new(Log), tb: w.TB, world: w, dir: dir}
	caddy.Write(c)
	w.TB.Cleanup(func() {
		caddy.Kill()
		if w.TB.Failed() && caddy.Log.Len() > 0 {
			w.TB.Logf("log of %s:\n%s", caddy.URL, caddy.Log)
		}
	})
	return caddy
}

// Run prepares a Caddy and starts it.
func (w *World) Run(c Config) *Caddy {
	w.TB.Helper()
	caddy := w.Caddy(c)
	caddy.Start()
	return caddy
}

// File is the path of the Caddyfile.
func (c *Caddy) File() string { return filepath.Join(c.dir, "Caddyfile") }

// Data is the folder of store and key.
func (c *Caddy) Data() string { return filepath.Join(c.dir, "data", "caddy", "sparekey") }

func (c *Caddy) socket() string { return filepath.Join(c.dir, "admin.sock") }

// Write writes a Caddyfile; a running Caddy does not look at it.
func (c *Caddy) Write(config Config) {
	c.tb.Helper()
	c.Config = config
	if err := os.WriteFile(c.File(), []byte(config.caddyfile(c.world, c.socket())), 0o600); err != nil {
		c.tb.Fatal(err)
	}
}

// Command is a caddy command in this Caddy's surroundings.
func (c *Caddy) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.world.binary, args...)
	cmd.Dir = c.dir
	cmd.Env = []string{
		"HOME=" + c.dir, "XDG_DATA_HOME=" + filepath.Join(c.dir, "data"), "XDG_CONFIG_HOME=" + filepath.Join(c.dir, "config"),
		"PATH=" + os.Getenv("PATH"), "SSL_CERT_FILE=" + c.world.roots,
	}
	return cmd
}

// Start runs Caddy and waits until it answers.
func (c *Caddy) Start() {
	c.tb.Helper()
	if err := c.TryStart(); err != nil {
		c.tb.Fatal(err)
	}
}

// TryStart is [Caddy.Start] for a Caddy that may refuse; the error then holds
// what it wrote.
func (c *Caddy) TryStart() error {
	mark := c.Log.Len()
	// Not the test's context: it ends before the clean-up that stops Caddy.
	c.cmd = c.Command(context.Background(), "run", "--config", c.File(), "--adapter", "caddyfile")
	c.cmd.Stderr, c.cmd.Stdout = c.Log, c.Log
	if err := c.cmd.Start(); err != nil {
		return err
	}
	cmd, done := c.cmd, make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // the way it ended is in its log
	}()
	c.done = done
	err := c.waitReady()
	if err != nil {
		c.Kill()
		err = fmt.Errorf("%w:\n%s", err, c.Log.After(mark))
	}
	return err
}

// Errors of [Caddy.TryStart].
var (
	ErrEnded    = errors.New("caddy ended by itself")
	ErrNotReady = errors.New("caddy does not answer")
)

func (c *Caddy) waitReady() error {
	for start := time.Now(); time.Since(start) < startTime; {
		select {
		case <-c.done:
			return ErrEnded
		case <-time.After(20 * time.Millisecond):
		}
		if conn, err := net.DialTimeout("tcp", c.Config.addr(), time.Second); err == nil {
			_ = conn.Close()
			if c.healthy() {
				return nil
			}
		}
	}
	return ErrNotReady
}

func (c *Caddy) healthy() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/.sparekey/healthz", nil)
	if err != nil {
		return false
	}
	client := http.Client{Transport: c.transport()}
	defer client.CloseIdleConnections()
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	return res.Body.Close() == nil && res.StatusCode == http.StatusOK
}

// Stop ends Caddy in order. On a stopped one it does nothing.
func (c *Caddy) Stop() {
	c.tb.Helper()
	if c.cmd == nil {
		return
	}
	_ = c.cmd.Process.Signal(syscall.SIGTERM) // fails only when it has ended
	select {
	case <-c.done:
		c.cmd = nil
	case <-time.After(stopTime):
		c.Kill()
		c.tb.Errorf("caddy did not end within %v of SIGTERM", stopTime)
	}
}

// Kill ends Caddy as a power cut does. On a stopped one it does nothing.
func (c *Caddy) Kill() {
	if c.cmd == nil {
		return
	}
	_ = c.cmd.Process.Kill() // fails only when it has ended
	<-c.done
	c.cmd = nil
}

// Restart stops Caddy in order and starts it again.
func (c *Caddy) Restart() {
	c.tb.Helper()
	c.Stop()
	c.Start()
}

// Load hands the Caddyfile to the running Caddy, as "caddy reload --force"
// does.
func (c *Caddy) Load() error {
	text, err := os.ReadFile(c.File())
	if err != nil {
		return err
	}
	err = recoverytest.LoadCaddy(c.tb.Context(), c.socket(), "text/caddyfile", string(text))
	kvtest.AwaitOldListeners(c.cmd.Process.Pid)
	return err
}

// Reload is [Caddy.Load] that must succeed.
func (c *Caddy) Reload() {
	c.tb.Helper()
	if err := c.Load(); err != nil {
		c.tb.Fatal(err)
	}
}

// Root is the certificate of Caddy's own authority, which there is with HTTPS.
func (c *Caddy) Root() string {
	return filepath.Join(c.dir, "data", "caddy", "pki", "authorities", "local", "root.crt")
}

// SetupLink waits for the set-up link in the log and returns its path and the
// code behind '#'.
func (c *Caddy) SetupLink() (path, code string) {
	c.tb.Helper()
	link := c.Log.Wait(c.tb, "link")
	rest, ours := strings.CutPrefix(link, c.URL)
	path, code, ok := strings.Cut(rest, "#")
	if !ours || !ok {
		c.tb.Fatalf("got set-up link %q, want %s/.sparekey/setup#CODE", link, c.URL)
	}
	return path, code
}
