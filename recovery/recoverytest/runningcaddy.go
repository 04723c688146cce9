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
	Socket string           // where the store is served
	Policy *recovery.Policy // instead of the configured one
}

// labFile is the default store of a world: in a folder of its own.
const labFile = "sparekey.db"

// labSecret is the root key of all Caddys of tests.
const labSecret = "3f0a9d5e7b1c4286f0e1d2c3b4a5968778695a4b3c2d1e0f8264c1b7e5d9a0f3"

// runningCaddy is a Caddy in a process of its own.
type runningCaddy struct {
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
	run    *caddyProcess // nil: crashed
	log    *caddyLog
	fresh  bool // there is no account yet
	loads  int  // configurations so far
}

const startTime = 20 * time.Second // on a busy machine

// startCaddy starts the Caddy of a world, and makes the world's own engine a
// second node of the same installation.
func (w *World) startCaddy() {
	w.TB.Helper()
	c := newRunningCaddy(w.TB, w)
	switch w.kind {
	case "redis":
		c.store = "redis " + kvtest.StartRedis(w.TB).URL()
	case "file", "":
		c.store = "file " + filepath.Join(c.dir, labFile)
	default:
		w.TB.Fatalf("store %q: use file or redis", w.kind)
	}
	c.url = "http://localhost:" + freePort(w.TB)
	c.start()
	w.caddy = c
	w.connect()
}

// SecondNode starts another Caddy of the same name and port on the same Redis, as
// behind a load balancer, on a loopback address of its own.
func (w *World) SecondNode() *World {
	w.TB.Helper()
	second := &World{TB: w.TB, App: w.App, program: w.program, Clock: w.Clock, Keys: w.Keys, Policy: w.Policy, Outbox: w.Outbox, Events: w.Events}
	c := newRunningCaddy(w.TB, second)
	c.store, c.url, c.bind, c.fresh = w.caddy.store, w.caddy.url, "127.0.0.2", false
	c.start()
	second.caddy = c
	second.connect()
	return second
}

// Crash ends the Caddy as a power cut does.
func (w *World) Crash() {
	w.caddy.run.kill()
	w.caddy.run = nil
	_ = os.Remove(w.caddy.lab.Socket)
}

// Restart starts it again after [World.Crash].
func (w *World) Restart() {
	w.TB.Helper()
	w.caddy.start()
	w.connect()
}

// connect makes the world's own engine a node of what is running.
func (w *World) connect() {
	w.TB.Helper()
	w.Driver = w.caddy.openStore()
	w.Server = &httptest.Server{URL: w.caddy.url}
	w.Engine = w.engine()
	w.Guard = guard.New(guard.Config{Accounts: w.Engine, Watch: w.Engine.Store.Watcher(), Now: w.Engine.Now, Log: w.Engine.Log})
	w.TB.Cleanup(w.Guard.Close)
}

func newRunningCaddy(tb testing.TB, w *World) *runningCaddy {
	tb.Helper()
	dir, err := os.MkdirTemp("", "lab") // not TempDir: too long for a socket
	if err != nil {
		tb.Fatal(err)
	}
	c := &runningCaddy{tb: tb, world: w, bin: w.program, dir: dir, bind: "127.0.0.1", fresh: true, log: &caddyLog{events: w.Events}}
	c.app = httptest.NewServer(http.HandlerFunc(w.app))
	c.outbox = httptest.NewServer(http.HandlerFunc(w.Outbox.receive))
	c.lab = Lab{Clock: filepath.Join(dir, "clock"), Outbox: c.outbox.URL, Socket: filepath.Join(dir, "store.sock"), Policy: w.Policy}
	tb.Cleanup(func() {
		c.stop()
		c.app.Close()
		c.outbox.Close()
		_ = os.RemoveAll(dir)
	})
	return c
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
	port, err := kvtest.FreePort()
	if err != nil {
		tb.Fatal(err)
	}
	return strconv.Itoa(port)
}

// writeConfig writes what the Caddy reads: its Caddyfile, the lab, the clock.
func (c *runningCaddy) writeConfig() {
	c.tb.Helper()
	lab, err := json.Marshal(c.lab)
	if err != nil {
		c.tb.Fatal(err)
	}
	text := fmt.Sprintf(`{
	admin unix/%s
	persist_config off
	auto_https off
	default_bind %s
	# Our own pages too say by which load they are answered.
	order sparekey after header
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
`, c.run.admin(), c.bind, c.store, labSecret, c.world.Policy.Site, c.world.Policy.Help, c.notifiers(), c.url, c.loads, c.app.URL)
	for path, content := range map[string][]byte{c.run.lab(): lab, filepath.Join(c.dir, "Caddyfile"): []byte(text)} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			c.tb.Fatal(err)
		}
	}
	c.world.Clock.writeTo(c.tb, c.lab.Clock)
}

// notifiers are configured for the channels of the world. What is sent goes
// nowhere: the test sees it before.
func (c *runningCaddy) notifiers() string {
	mail, sms := c.world.Outbox.Has(recovery.ChannelMail), c.world.Outbox.Has(recovery.ChannelSMS)
	switch {
	case mail && sms:
		return "notify file " + filepath.Join(c.dir, "sent")
	case sms:
		return "notify sms http://127.0.0.1:1/"
	case mail:
		return "notify smtp 127.0.0.1:1 {\n\t\t\tfrom photos@example.org\n\t\t\ttls off\n\t\t}"
	}
	return ""
}

// start has a Caddy load the configuration, until it answers.
func (c *runningCaddy) start() {
	c.tb.Helper()
	c.run = takeCaddy(c.tb, c.bin)
	c.run.log.to(c.log)
	c.writeConfig()
	c.load()
	for begin := time.Now(); time.Since(begin) < startTime; time.Sleep(5 * time.Millisecond) {
		// The code of the printed link voids one that a test makes earlier.
		if c.healthy() && (!c.fresh || strings.Contains(c.log.String(), `"link"`)) {
			c.fresh = false
			return
		}
	}
	c.tb.Fatalf("the Caddy under test does not answer:\n%s", c.log)
}

func (c *runningCaddy) healthy() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/.sparekey/healthz", nil)
	if err != nil {
		return false
	}
	res, err := c.transport().RoundTrip(req)
	return err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusOK && res.Header.Get("X-Load") == strconv.Itoa(c.loads)
}

// transport reaches this Caddy, which shares its name and port with others.
func (c *runningCaddy) transport() *http.Transport {
	return &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", c.bind+":"+c.url[strings.LastIndexByte(c.url, ':')+1:])
	}}
}

func (c *runningCaddy) stop() {
	switch {
	case c.run == nil:
	case c.tb.Failed():
		c.run.kill()
	default:
		c.run.giveBack(context.WithoutCancel(c.tb.Context()), c.bin)
	}
	if c.tb.Failed() && os.Getenv(LogVariable) != "" {
		c.tb.Logf("log of %s:\n%s", c.url, c.log)
	}
}

// openStore opens the store of the Caddy from here.
func (c *runningCaddy) openStore() remoteStore {
	c.tb.Helper()
	client, err := rpc.Dial("unix", c.lab.Socket)
	if err != nil {
		c.tb.Fatalf("the Caddy under test serves no store (is it built with the tag lab?): %v", err)
	}
	c.tb.Cleanup(func() { _ = client.Close() })
	return remoteStore{client}
}

// reload hands the present policy to the running Caddy, and waits until
// nothing of the one before answers any more.
func (c *runningCaddy) reload() {
	c.tb.Helper()
	c.loads++
	c.writeConfig()
	c.load()
	for row, begin := 0, time.Now(); row < 5; row++ {
		if time.Sleep(5 * time.Millisecond); !c.healthy() {
			row = -1
		}
		if time.Since(begin) > startTime {
			c.tb.Fatalf("the Caddy under test does not answer after a reload:\n%s", c.log)
		}
	}
}

func (c *runningCaddy) load() {
	c.tb.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, "Caddyfile"))
	if err != nil {
		c.tb.Fatal(err)
	}
	if err := c.run.load(c.tb.Context(), "text/caddyfile", string(text)); err != nil {
		c.tb.Fatalf("%v\n%s", err, c.log)
	}
}

// writeTo writes the time where a Caddy looks for it, now and at every move.
func (c *Clock) writeTo(tb testing.TB, path string) {
	tb.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = f.Close() })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files = append(c.files, f)
	c.write()
}

// write is called with mu held.
func (c *Clock) write() {
	for _, f := range c.files {
		_, _ = f.WriteAt(binary.BigEndian.AppendUint64(nil, uint64(c.now.UnixNano())), 0) // a closed one has no Caddy any more
	}
}

// caddyLog keeps what a Caddy logs, and passes its audit lines on.
type caddyLog struct {
	mu     sync.Mutex
	text   bytes.Buffer
	events *Journal
}

// Write implements io.Writer; Caddy writes whole lines.
func (j *caddyLog) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for s := bufio.NewScanner(bytes.NewReader(p)); s.Scan(); {
		var line logged
		if json.Unmarshal(s.Bytes(), &line) == nil && line.Logger == "sparekey" && line.Event != "" {
			j.events.Add(line.event())
		}
	}
	return j.text.Write(p)
}

// logged is a line of Caddy's log.
type logged struct {
	Logger string

	Event, Account, User, Method, Flow, Detail, By string

	ByAccount string `json:"by_account"`
	ClientIP  string `json:"client_ip"`
	Count     int
}

func (l logged) event() recovery.Event {
	return recovery.Event{
		Name: recovery.EventName(l.Event), Account: l.Account, Person: l.User, Method: l.Method, Flow: l.Flow, Detail: l.Detail,
		Actor: l.By, ActorID: l.ByAccount, Network: l.ClientIP, Count: l.Count,
	}
}

func (j *caddyLog) String() string {
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
