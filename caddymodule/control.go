package caddymodule

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// Limits of one command.
const (
	controlBody     = 64 << 10 // bytes of a request
	controlDeadline = 10 * time.Second
	trialDeadline   = 40 * time.Second // of a test message: a mail server has 15 s to sign on and 15 s to take it
	verifyDeadline  = 30 * time.Minute // it reads everything
)

// deadline is how long an operation may take.
func deadline(name string) time.Duration {
	switch name {
	case opTrial, opRekey, opAudit, opImport, opCarry:
		return trialDeadline
	case opAuditVerify:
		return verifyDeadline
	}
	return controlDeadline
}

// controlPrefix is raised when a request of before would be misunderstood.
const controlPrefix = "/v1/"

// control answers the command line on a Unix socket beside the store, for as
// long as the store is open. Each request and each answer carries a MAC made
// with the root key: being able to open the socket gives nothing.
type control struct {
	keys    *secret.Keys
	logger  *slog.Logger
	now     func() time.Time
	started time.Time
	used    nonces
	current atomic.Pointer[operations] // of the newest configuration
	away    func() error               // why there is no store yet; nil: there is one

	socket  string      // empty: not listening
	own     os.FileInfo // of the socket, to leave another one alone
	server  *http.Server
	serving sync.WaitGroup
}

// newControl starts to listen. A folder that cannot be trusted or written is
// no reason to keep the sites closed: it is logged, and commands say that they
// cannot reach this Caddy.
func newControl(logger *slog.Logger, keys *secret.Keys, store Store, away func() error) *control {
	c := &control{keys: keys, logger: logger, now: time.Now, away: away}
	c.started = c.now()
	listener, err := c.listen(controlSockets(keys, store))
	if err != nil {
		logger.Error("the command line cannot reach this Caddy", "error", err)
		return c
	}
	c.server = &http.Server{
		Handler: c, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelWarn), MaxHeaderBytes: 8 << 10,
		ReadHeaderTimeout: controlDeadline / 2, ReadTimeout: controlDeadline, WriteTimeout: trialDeadline + controlDeadline,
	}
	c.server.SetKeepAlivesEnabled(false)
	c.serving.Go(supervise.Func(logger, "the control socket", func() {
		if err := c.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			logger.Error("the control socket ended", "error", err)
		}
	}))
	return c
}

// listen takes the first of the paths that it may. The socket is made under
// another name and renamed: that replaces what a crash left behind, and after
// a change of keys the newest configuration takes over from the one that ends.
func (c *control) listen(paths []string) (net.Listener, error) {
	var errs []error
	for _, path := range paths {
		l, err := c.listenAt(path)
		if err == nil {
			c.socket = path
			return l, nil
		}
		errs = append(errs, err)
	}
	return nil, errors.Join(errs...)
}

func (c *control) listenAt(path string) (net.Listener, error) {
	if err := makePrivate(filepath.Dir(path)); err != nil {
		return nil, err
	}
	temp := filepath.Join(filepath.Dir(path), "."+secret.Token(6))
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "unix", temp)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // the name is another by then
	err = os.Chmod(temp, 0o600)
	if err == nil {
		c.own, err = os.Lstat(temp)
	}
	if err == nil {
		err = os.Rename(temp, path)
	}
	if err != nil {
		return nil, errors.Join(err, l.Close(), os.Remove(temp))
	}
	return l, nil
}

// serve makes the newest configuration the one that answers.
func (c *control) serve(o *operations) { c.current.Store(o) }

// close lets commands under way end, and removes the socket unless it is
// another's by now.
func (c *control) close() {
	if c.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), controlDeadline)
	defer cancel()
	if err := c.server.Shutdown(ctx); err != nil {
		c.logger.Warn("a command was cut off", "error", errors.Join(err, c.server.Close()))
	}
	c.serving.Wait()
	if now, err := os.Lstat(c.socket); err == nil && os.SameFile(now, c.own) {
		if err := os.Remove(c.socket); err != nil {
			c.logger.Warn("control socket not removed", "error", err)
		}
		_ = os.Remove(filepath.Dir(c.socket)) // fails while something else lies there, which is right
	}
}

// failure is the answer to a command that was refused or failed.
type failure struct {
	Error string `json:"error"`
}
