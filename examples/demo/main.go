// Command demo shows Sparekey on one machine, with nothing to set up: a Caddy
// that protects a small app, and a page with the mails and text messages that
// would have been sent. "make demo" runs it.
//
//	http://localhost:8080   the app, behind sparekey
//	http://localhost:8081   the messages
//
// What it keeps lies in .demo in the current folder. Both pages answer on the
// loopback addresses of this machine only.
package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"

	_ "github.com/caddy-sparekey/sparekey"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
)

// folder is where the demo keeps everything, as in the Caddyfile.
const folder = ".demo"

// options of [run], for tests.
type options struct {
	site   string // address of the site, as in the Caddyfile
	outbox string // address of the page with the messages
	config []byte // the Caddyfile
}

//go:embed Caddyfile
var config []byte

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, options{site: "127.0.0.1:8080", outbox: "127.0.0.1:8081", config: config})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run serves until the context ends.
func run(ctx context.Context, out io.Writer, o options) error {
	if err := isFree(ctx, o.site); err != nil {
		return err
	}
	app, err := serve(ctx, "127.0.0.1:0", sample())
	if err != nil {
		return err
	}
	defer app.stop()
	mails, err := serve(ctx, o.outbox, outbox(filepath.Join(folder, "outbox")))
	if err != nil {
		return err
	}
	defer mails.stop()
	if err := startCaddy(o.config, app.addr); err != nil {
		return fmt.Errorf("start Caddy: %w", err)
	}
	welcome(out, linkSeen())
	<-ctx.Done()
	fmt.Fprintln(out, "\nStopping.")
	return caddy.Stop()
}

// startCaddy runs Caddy in this process. What Caddy itself keeps goes into the
// folder of the demo too.
func startCaddy(config []byte, app string) error {
	dir, err := filepath.Abs(folder)
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"SPAREKEY_DEMO_APP": app, "XDG_DATA_HOME": dir, "XDG_CONFIG_HOME": dir} {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	adapted, _, err := caddyconfig.GetAdapter("caddyfile").Adapt(config, nil)
	if err != nil {
		return err
	}
	return caddy.Load(adapted, true)
}

func welcome(out io.Writer, link string) {
	first := "Sign in with the account you made before, or try \"I can't sign in\"."
	if link != "" {
		first = "Open this once, within 30 minutes, to make the first account:\n\n    " + link
	}
	fmt.Fprintf(out, `
Sparekey is running.

  %s

  The app         http://localhost:8080
  Mails and SMS   http://localhost:8081   (nothing leaves this machine)

  Stop: Ctrl-C. Start afresh: rm -rf %s

`, first, folder)
}

// server is one of the demo's own pages.
type server struct {
	addr string
	http *http.Server
	done chan struct{}
}

func serve(ctx context.Context, addr string, h http.Handler) (*server, error) {
	l, err := listen(ctx, addr)
	if err != nil {
		return nil, err
	}
	s := &server{
		addr: l.Addr().String(), done: make(chan struct{}),
		http: &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second},
	}
	go func() {
		defer close(s.done)
		_ = s.http.Serve(l) // ends with stop
	}()
	return s, nil
}

func (s *server) stop() {
	_ = s.http.Close()
	<-s.done
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("another program already uses %s: stop it first, or is the demo running in another window?", addr)
	}
	return l, err
}

// isFree asks before anything is written: Caddy's own message would come late
// and among others.
func isFree(ctx context.Context, addr string) error {
	l, err := listen(ctx, addr)
	if err != nil {
		return err
	}
	return l.Close()
}
