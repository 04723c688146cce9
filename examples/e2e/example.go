package e2e

import (
	"context"
	"crypto/tls"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Example is a folder beside this one in which another proxy asks Sparekey, on
// ports of its own and with [World.App] behind the proxy.
type Example struct {
	*World
	Dir      string // a copy of the folder
	Port     int    // where people come in
	Sparekey *Caddy
	Log      *Log        // what the proxy wrote
	TLS      *tls.Config // of clients, where people come by https; nil: they do not
}

// Example copies a folder and starts its Sparekey. The proxy is up to the caller.
func (w *World) Example(folder string) *Example {
	w.TB.Helper()
	return w.example(folder, false)
}

func (w *World) example(folder string, secure bool) *Example {
	w.TB.Helper()
	e := &Example{World: w, Dir: filepath.Join(w.Dir, folder), Port: freePort(w.TB), Log: new(Log)}
	own := freePort(w.TB)
	app, nobody := strings.TrimPrefix(w.App.URL, "http://"), strconv.Itoa(freePort(w.TB))
	changes := []string{ // where the app of the example listens, ours does not
		"listen 127.0.0.1:9181", "listen 127.0.0.1:" + nobody, "bind 127.0.0.1:9181", "bind 127.0.0.1:" + nobody, "http://:9181", "http://:" + nobody,
		"127.0.0.1, port_value: 9181", "127.0.0.1, port_value: " + app[strings.LastIndexByte(app, ':')+1:],
		"127.0.0.1:9181", app, "9180", strconv.Itoa(own), "8080", strconv.Itoa(e.Port), "/tmp/", e.Dir + "/",
	}
	if secure {
		changes = append(encrypted(strconv.Itoa(e.Port)), changes...)
	}
	if err := copyFolder(filepath.Join("..", folder), e.Dir, strings.NewReplacer(changes...)); err != nil {
		w.TB.Fatal(err)
	}
	if secure {
		e.certify()
	}
	text, err := os.ReadFile(filepath.Join(e.Dir, "Caddyfile"))
	if err != nil {
		w.TB.Fatal(err)
	}
	e.Sparekey = w.Run(Config{Port: own, Text: strings.Replace(string(text), "\tsparekey {\n", "\tsparekey {\n\t\t"+cheap+"\n", 1)})
	e.Sparekey.URL = e.URL("login")
	return e
}

func copyFolder(from, to string, changed *strings.Replacer) error {
	if err := os.Mkdir(to, 0o755); err != nil {
		return err
	}
	return fs.WalkDir(os.DirFS(from), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(from, path))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, path), []byte(changed.Replace(string(text))), 0o644)
	})
}

// URL is the origin of a host of the example.
func (e *Example) URL(name string) string {
	scheme := "http://"
	if e.TLS != nil {
		scheme = "https://"
	}
	return scheme + name + ".localhost:" + strconv.Itoa(e.Port)
}

// Transport reaches the proxy, whatever host is asked for.
func (e *Example) Transport() *http.Transport {
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return e.Dial(ctx) }}
	if e.TLS != nil {
		t.TLSClientConfig, t.ForceAttemptHTTP2 = e.TLS.Clone(), true
	}
	e.TB.Cleanup(t.CloseIdleConnections)
	return t
}

// Client is the address that people come from: another one than the proxy's.
const Client = "127.0.0.2"

// Dial opens a connection to the proxy.
func (e *Example) Dial(ctx context.Context) (net.Conn, error) {
	var dialer net.Dialer
	if runtime.GOOS == "linux" { // elsewhere a machine has one such address
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(Client)}
	}
	return dialer.DialContext(ctx, "tcp", "127.0.0.1:"+strconv.Itoa(e.Port))
}

// Proxy starts a proxy in the folder, and stops it with the test.
func (e *Example) Proxy(program string, args ...string) {
	e.TB.Helper()
	cmd := exec.CommandContext(context.Background(), program, args...) // the test's ends before the clean-up that stops it
	cmd.Dir, cmd.Stdout, cmd.Stderr = e.Dir, e.Log, e.Log
	cmd.Env = []string{"HOME=" + e.Dir, "XDG_DATA_HOME=" + filepath.Join(e.Dir, "data"), "XDG_CONFIG_HOME=" + e.Dir, "PATH=" + os.Getenv("PATH")}
	if err := cmd.Start(); err != nil {
		e.TB.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // the way it ended is in its log
	}()
	e.TB.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // fails only when it has ended
		select {
		case <-done:
		case <-time.After(stopTime):
			_ = cmd.Process.Kill()
			<-done
		}
		if e.TB.Failed() {
			e.TB.Logf("log of %s:\n%s", program, e.Log)
		}
	})
	e.await(done)
}

func (e *Example) await(done <-chan struct{}) {
	e.TB.Helper()
	for start := time.Now(); time.Since(start) < startTime; {
		select {
		case <-done:
			e.TB.Fatalf("the proxy ended by itself:\n%s", e.Log)
		case <-time.After(20 * time.Millisecond):
		}
		if conn, err := e.Dial(e.TB.Context()); err == nil {
			_ = conn.Close()
			return
		}
	}
	e.TB.Fatalf("the proxy does not answer:\n%s", e.Log)
}

// Program is the path of a program that packages put where only root looks.
func Program(tb testing.TB, name string) string {
	tb.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/usr/local/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	tb.Fatalf("%s is not installed: make test installs it, or apt-get install %s", name, name)
	return ""
}

// Raw sends bytes to the proxy and returns the first line of the answer.
func (e *Example) Raw(request string) string {
	e.TB.Helper()
	conn, err := e.Dial(e.TB.Context())
	if e.TLS != nil {
		conn = e.secure(e.TB, "http/1.1")
	}
	if err != nil {
		e.TB.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(conn, request); err != nil {
		e.TB.Fatal(err)
	}
	line := make([]byte, 64)
	n, _ := io.ReadAtLeast(conn, line, len("HTTP/1.1 200"))
	first, _, _ := strings.Cut(string(line[:n]), "\r\n")
	return first
}
