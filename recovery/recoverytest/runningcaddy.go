package recoverytest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/rpc"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// With these in the environment [New] starts a Caddy of its own for each
// world, and its stories and attacks go there.
const (
	CaddyVariable = "SPAREKEY_LAB_CADDY" // a Caddy built with the tag "lab"
	StoreVariable = "SPAREKEY_LAB_STORE" // file (default) or redis
	LogVariable   = "SPAREKEY_LAB_LOG"   // anything: show what that Caddy wrote when a test fails
	LabVariable   = "SPAREKEY_LAB"       // set by New: where that Caddy finds its Lab
)

// Lab is what a Caddy built with the tag "lab" lets a test reach.
type Lab struct {
	Clock  string           // file: eight bytes, nanoseconds since 1970
	Outbox string           // where messages are posted
	Socket string           // where the store is lent
	Policy *recovery.Policy // instead of the configured one
}

// labSecret is the root key of all Caddys of tests.
const labSecret = "3f0a9d5e7b1c4286f0e1d2c3b4a5968778695a4b3c2d1e0f8264c1b7e5d9a0f3"

// house is a running Caddy.
type house struct {
	tb     testing.TB
	world  *World
	bin    string
	dir    string
	store  string
	bind   string
	url    string
	lab    Lab
	app    *httptest.Server
	outbox *httptest.Server
	cmd    *exec.Cmd
	log    *journal
	fresh  bool // there is no account yet
	loads  int  // configurations so far
}

const startTime = 20 * time.Second // on a busy machine

// build starts the Caddy of a world, and makes the world's own engine a second
// node of the same installation.
func (w *World) build() {
	w.TB.Helper()
	h := newHouse(w.TB, w)
	switch w.kind {
	case "redis":
		h.store = "redis " + kvtest.StartRedis(w.TB).URL()
	case "file", "":
		h.store = "file"
	default:
		w.TB.Fatalf("store %q: use file or redis", w.kind)
	}
	h.url = "http://localhost:" + freePort(w.TB)
	h.start()
	w.house = h
	w.live()
}

// Twin starts another Caddy of the same name and port on the same Redis, as
// behind a load balancer, on a loopback address of its own.
func (w *World) Twin() *World {
	w.TB.Helper()
	twin := &World{TB: w.TB, program: w.program, Clock: w.Clock, Keys: w.Keys, Policy: w.Policy, Outbox: w.Outbox, Events: w.Events}
	h := newHouse(w.TB, twin)
	h.store, h.url, h.bind, h.fresh = w.house.store, w.house.url, "127.0.0.2", false
	h.start()
	twin.house = h
	twin.live()
	return twin
}

// Crash ends the Caddy as a power cut does.
func (w *World) Crash() {
	_ = w.house.cmd.Process.Kill()
	_ = w.house.cmd.Wait()
	_ = os.Remove(w.house.lab.Socket)
	_ = os.Remove(w.house.admin())
}

// Restart starts it again after [World.Crash].
func (w *World) Restart() {
	w.TB.Helper()
	w.house.start()
	w.live()
}

// live makes the world's own engine a node of what is running.
func (w *World) live() {
	w.TB.Helper()
	w.Driver = w.house.borrow()
	w.Server = &httptest.Server{URL: w.house.url}
	w.Engine = w.engine()
	w.Guard = guard.New(guard.Config{Accounts: w.Engine, Watch: w.Engine.Store.Watcher(), Now: w.Engine.Now, Log: w.Engine.Log})
	w.TB.Cleanup(w.Guard.Close)
}

func newHouse(tb testing.TB, w *World) *house {
	tb.Helper()
	dir, err := os.MkdirTemp("", "lab") // not TempDir: too long for a socket
	if err != nil {
		tb.Fatal(err)
	}
	h := &house{tb: tb, world: w, bin: w.program, dir: dir, bind: "127.0.0.1", fresh: true, log: &journal{events: w.Events}}
	h.app = httptest.NewServer(http.HandlerFunc(w.echo))
	h.outbox = httptest.NewServer(http.HandlerFunc(w.Outbox.receive))
	h.lab = Lab{Clock: filepath.Join(dir, "clock"), Outbox: h.outbox.URL, Socket: filepath.Join(dir, "store.sock"), Policy: w.Policy}
	tb.Cleanup(func() {
		h.stop()
		h.app.Close()
		h.outbox.Close()
		_ = os.RemoveAll(dir)
	})
	return h
}

// receive takes a message a lab Caddy shows.
func (o *Outbox) receive(_ http.ResponseWriter, r *http.Request) {
	var m recovery.Message
	if err := json.NewDecoder(r.Body).Decode(&m); err == nil {
		o.Queue(m)
	}
}

func freePort(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		tb.Fatal(err)
	}
	return port
}

// write writes down what the Caddy reads: its Caddyfile, the lab, the clock.
func (h *house) write() {
	h.tb.Helper()
	lab, err := json.Marshal(h.lab)
	if err != nil {
		h.tb.Fatal(err)
	}
	text := fmt.Sprintf(`{
	admin unix/%s
	persist_config off
	auto_https off
	default_bind %s
	sparekey {
		store %s
		secret %s
		name %q
		help %q
		%s
	}
}

%s {
	header X-Load %d
	sparekey
	reverse_proxy %s
}
`, h.admin(), h.bind, h.store, labSecret, h.world.Policy.Site, h.world.Policy.Help, h.notifiers(), h.url, h.loads, h.app.URL)
	for name, content := range map[string][]byte{"lab.json": lab, "Caddyfile": []byte(text)} {
		if err := os.WriteFile(filepath.Join(h.dir, name), content, 0o600); err != nil {
			h.tb.Fatal(err)
		}
	}
	h.world.Clock.show(h.tb, h.lab.Clock)
}

// notifiers are configured for the channels of the world. What is sent goes
// nowhere: the test sees it before.
func (h *house) notifiers() string {
	mail, sms := h.world.Outbox.Has(recovery.ChannelMail), h.world.Outbox.Has(recovery.ChannelSMS)
	switch {
	case mail && sms:
		return "notify file " + filepath.Join(h.dir, "sent")
	case sms:
		return "notify sms http://127.0.0.1:1/"
	case mail:
		return "notify smtp 127.0.0.1:1 {\n\t\t\tfrom photos@example.org\n\t\t\ttls off\n\t\t}"
	}
	return ""
}

func (h *house) admin() string { return filepath.Join(h.dir, "admin.sock") }

// start runs Caddy until it answers.
func (h *house) start() {
	h.tb.Helper()
	h.write()
	h.cmd = exec.CommandContext(context.Background(), h.bin, "run", "--config", filepath.Join(h.dir, "Caddyfile"), "--adapter", "caddyfile")
	h.cmd.Dir = h.dir
	h.cmd.Env = []string{"HOME=" + h.dir, "XDG_DATA_HOME=" + h.dir, "XDG_CONFIG_HOME=" + h.dir, LabVariable + "=" + filepath.Join(h.dir, "lab.json")}
	h.cmd.Stderr = h.log
	if err := h.cmd.Start(); err != nil {
		h.tb.Fatal(err)
	}
	for begin := time.Now(); time.Since(begin) < startTime; time.Sleep(5 * time.Millisecond) {
		// The code of the printed link voids one that a test makes earlier.
		if h.healthy() && (!h.fresh || strings.Contains(h.log.String(), `"link"`)) {
			h.fresh = false
			return
		}
	}
	h.tb.Fatalf("the Caddy under test does not answer:\n%s", h.log)
}

func (h *house) healthy() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/.sparekey/healthz", nil)
	if err != nil {
		return false
	}
	res, err := h.transport().RoundTrip(req)
	return err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusOK && res.Header.Get("X-Load") == strconv.Itoa(h.loads)
}

// transport reaches this Caddy, which shares its name and port with others.
func (h *house) transport() *http.Transport {
	return &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", h.bind+":"+h.url[strings.LastIndexByte(h.url, ':')+1:])
	}}
}

func (h *house) stop() {
	if h.cmd != nil && h.cmd.Process != nil {
		_ = h.cmd.Process.Kill()
		_ = h.cmd.Wait()
	}
	if h.tb.Failed() && os.Getenv(LogVariable) != "" {
		h.tb.Logf("log of %s:\n%s", h.url, h.log)
	}
}

// borrow opens the store of the Caddy from here.
func (h *house) borrow() borrowed {
	h.tb.Helper()
	client, err := rpc.Dial("unix", h.lab.Socket)
	if err != nil {
		h.tb.Fatalf("the Caddy under test lends no store (is it built with the tag lab?): %v", err)
	}
	h.tb.Cleanup(func() { _ = client.Close() })
	return borrowed{client}
}

// reload hands the present policy to the running Caddy, and waits until
// nothing of the one before answers any more.
func (h *house) reload() {
	h.tb.Helper()
	h.loads++
	h.write()
	h.load()
	for row, begin := 0, time.Now(); row < 5; row++ {
		if time.Sleep(5 * time.Millisecond); !h.healthy() {
			row = -1
		}
		if time.Since(begin) > startTime {
			h.tb.Fatalf("the Caddy under test does not answer after a reload:\n%s", h.log)
		}
	}
}

func (h *house) load() {
	h.tb.Helper()
	text, err := os.ReadFile(filepath.Join(h.dir, "Caddyfile"))
	if err != nil {
		h.tb.Fatal(err)
	}
	req, err := http.NewRequestWithContext(h.tb.Context(), http.MethodPost, "http://localhost/load", bytes.NewReader(text))
	if err != nil {
		h.tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/caddyfile")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", h.admin())
	}}}
	res, err := client.Do(req)
	if err != nil {
		h.tb.Fatal(err)
	}
	if res.Body.Close(); res.StatusCode != http.StatusOK {
		h.tb.Fatalf("reload: got status %d\n%s", res.StatusCode, h.log)
	}
}

// show writes the time where a Caddy looks for it, now and at every move.
func (c *Clock) show(tb testing.TB, path string) {
	tb.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = f.Close() })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shown = append(c.shown, f)
	c.tell()
}

// tell is called with mu held.
func (c *Clock) tell() {
	for _, f := range c.shown {
		_, _ = f.WriteAt(binary.BigEndian.AppendUint64(nil, uint64(c.now.UnixNano())), 0) // a closed one has no Caddy any more
	}
}

// journal keeps what a Caddy logs, and passes its audit lines on.
type journal struct {
	mu     sync.Mutex
	text   bytes.Buffer
	events *Journal
}

// Write implements io.Writer; Caddy writes whole lines.
func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for s := bufio.NewScanner(bytes.NewReader(p)); s.Scan(); {
		var line struct {
			Event string `json:"event"`
			Name  string `json:"logger"`
		}
		if json.Unmarshal(s.Bytes(), &line) == nil && line.Name == "sparekey" && line.Event != "" {
			j.events.Add(recovery.Event{Name: recovery.EventName(line.Event)})
		}
	}
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func labKeys(tb testing.TB) *secret.Keys {
	tb.Helper()
	root, err := hex.DecodeString(labSecret)
	if err != nil {
		tb.Fatal(err)
	}
	keys, err := secret.NewKeys(root)
	if err != nil {
		tb.Fatal(err)
	}
	return keys
}
