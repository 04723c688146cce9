//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
)

// answer is what the upstream says.
const answer = "ok"

// configuration is one Caddy and the requests it gets.
type configuration struct {
	key, name string
	global    string   // lines of the block of global options
	rules     string   // what stands before reverse_proxy
	asks      bool     // it asks a second Caddy
	account   bool     // somebody has to sign in first
	anonymous bool     // nobody is signed in: what is measured is the login page
	shares    string   // key of the configuration whose Caddy this one uses
	header    []string // of every request

	two    bool // a second Caddy runs on the same store
	portal bool // pages and sign-in are at another host: the cookie is one that was derived

	front, second *process
	beside        *process // on the same store
}

// bench is everything that runs.
type bench struct {
	sizes    map[string]int64 // of binaries, bytes
	upstream *process
	redis    *kvtest.Redis
	redisPID int
	list     []*configuration
}

// keys of the configurations.
const (
	plain   = "a"
	nothing = "b"
	onFile  = "c"
	onRedis = "d"
	asking  = "g"
	derived = "h"
	yes     = "i"
)

func configurations(redisURL string) []*configuration {
	navigation := []string{"Accept: text/html", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"}
	return []*configuration{
		{key: plain, name: "reverse_proxy alone"},
		{key: nothing, name: "a handler that does nothing", rules: "bench_nothing"},
		{key: onFile, name: "sparekey, store file", rules: "sparekey", account: true},
		{key: onRedis, name: "sparekey, store redis", global: "sparekey {\n\t\tstore redis " + redisURL + "\n\t\tsecret " + rootKey + "\n\t}", rules: "sparekey", account: true, two: true},
		{key: "e", name: "a Redis read per request", rules: "bench_redis " + redisURL},
		{key: "f", name: "anonymous: the login page", shares: onFile, anonymous: true, header: navigation},
		{key: asking, name: "forward_auth, sparekey in a second Caddy", asks: true, account: true},
		{key: derived, name: "sparekey, a cookie of a further host", rules: "sparekey", account: true, portal: true},
		{key: yes, name: "forward_auth, a second Caddy that says yes", asks: true},
	}
}

// start builds the binaries and runs every server. What it returns has to be
// stopped, also after an error.
func start(ctx context.Context, dir string) (*bench, error) {
	b := &bench{sizes: map[string]int64{}}
	var binary string
	for _, name := range []string{"caddy", "bench/caddy"} {
		var err error
		if binary, err = b.build(ctx, dir, name); err != nil {
			return b, err
		}
	}
	var err error
	if b.redis, err = kvtest.StartRedisProcess(dir); err != nil {
		return b, err
	}
	if b.redisPID, err = redisPID(b.redis); err != nil {
		return b, err
	}
	// The second binary runs everywhere, so that all have the same code.
	if b.upstream, err = startCaddy(ctx, binary, dir, "upstream", site{host: "127.0.0.1", text: `respond "` + answer + `"`}); err != nil {
		return b, err
	}
	for _, c := range configurations(b.redis.URL()) {
		b.list = append(b.list, c)
		if err := b.open(ctx, binary, dir, c); err != nil {
			return b, err
		}
	}
	return b, nil
}

// build makes a binary of a folder in examples/, stripped as xcaddy does. Not
// with its -trimpath, for which every package would be compiled once more.
func (b *bench) build(ctx context.Context, dir, name string) (string, error) {
	say("building examples/%s …", name)
	out := filepath.Join(dir, filepath.Base(filepath.Dir(name))+"-caddy")
	cmd := exec.CommandContext(ctx, "go", "build", "-ldflags", "-s -w", "-o", out,
		"github.com/caddy-sparekey/sparekey/examples/"+name)
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build examples/%s: %w\n%s", name, err, text)
	}
	info, err := os.Stat(out)
	if err != nil {
		return "", err
	}
	b.sizes[name] = info.Size()
	return out, nil
}

func (b *bench) open(ctx context.Context, binary, dir string, c *configuration) (err error) {
	if c.shares != "" {
		c.front = b.find(c.shares).front
		return nil
	}
	s := site{global: c.global, host: "127.0.0.1", text: c.rules + "\n\treverse_proxy 127.0.0.1:" + strconv.Itoa(b.upstream.port)}
	if c.portal {
		if s, err = atPortal(s); err != nil {
			return err
		}
	}
	if c.asks {
		if s, err = c.askSecond(ctx, binary, dir, s); err != nil {
			return err
		}
	}
	if c.front, err = startCaddy(ctx, binary, dir, c.key, s); err != nil || !c.account {
		return err
	}
	cookie, err := signedIn(ctx, c.front, cmp.Or(c.second, c.front), c.portal || c.asks)
	c.header = []string{cookie}
	if err == nil && c.two {
		c.beside, err = startCaddy(ctx, binary, dir, c.key+"-beside", s)
	}
	return err
}

// askSecond starts a second Caddy and has the site of the first one ask it: with
// sparekey, or one that says yes to everything, which is the most that can be had.
func (c *configuration) askSecond(ctx context.Context, binary, dir string, s site) (site, error) {
	port, err := kvtest.FreePort()
	if err != nil {
		return s, err
	}
	second := site{text: "respond 200"}
	if c.account {
		second = gateFor(port)
	}
	if c.second, err = startCaddy(ctx, binary, dir, c.key+"-second", second); err != nil {
		return s, err
	}
	s.port, s.also = port, "http://localhost"
	s.text = fmt.Sprintf(`@portal host localhost
	handle /.sparekey/* {
		reverse_proxy 127.0.0.1:%[1]d
	}
	handle @portal {
		reverse_proxy 127.0.0.1:%[1]d
	}
	handle {
		forward_auth 127.0.0.1:%[1]d {
			uri /.sparekey/verify
			copy_headers Remote-User Remote-Name Remote-Email Remote-Groups Cookie
		}
		%s
	}`, c.second.port, s.text)
	return s, nil
}

// gateFor asks for a sign-in to the site at a port, for another Caddy.
func gateFor(port int) site {
	return site{global: fmt.Sprintf(`servers {
		trusted_proxies static 127.0.0.1
	}
	sparekey {
		portal http://localhost:%[1]d
		from 127.0.0.1
		site http://127.0.0.1:%[1]d
	}`, port), text: "sparekey\n\trespond 403"}
}

// atPortal has the pages of a site at another host of the same Caddy.
func atPortal(s site) (site, error) {
	port, err := kvtest.FreePort()
	if err != nil {
		return s, err
	}
	portal := fmt.Sprintf("http://localhost:%d", port)
	s.port, s.global = port, "sparekey {\n\t\tportal "+portal+"\n\t}"
	s.more = portal + " {\n\tbind 127.0.0.1\n\tsparekey\n}\n"
	return s, nil
}

func redisPID(r *kvtest.Redis) (int, error) {
	info, err := r.Do("INFO", "server")
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(found(info, `process_id:(\d+)`))
}

func (b *bench) find(key string) *configuration {
	for _, c := range b.list {
		if c.key == key {
			return c
		}
	}
	return nil
}

// stop ends every process that was started.
func (b *bench) stop() {
	for _, c := range b.list {
		if c.front != nil && c.shares == "" {
			c.front.stop()
		}
		if c.beside != nil {
			c.beside.stop()
		}
		if c.second != nil {
			c.second.stop()
		}
	}
	if b.upstream != nil {
		b.upstream.stop()
	}
	if b.redis != nil {
		b.redis.Stop()
	}
}

// sample is one configuration under load once.
type sample struct {
	load
	front, upstream, redis float64 // µs of processor time per request
}

// measure loads the configurations in turns, round after round, and then once
// more while people sign in.
func (b *bench) measure(ctx context.Context, o options) (*report, error) {
	for _, c := range b.list {
		if _, err := b.sample(ctx, c, o.connections, time.Second); err != nil {
			return nil, err // this was to warm up, and to see that all is well
		}
	}
	samples := map[string][]sample{}
	for round := range o.rounds {
		say("round %d of %d", round+1, o.rounds)
		for i := range b.list {
			c := b.list[(i+round)%len(b.list)] // none always comes first or after the same one
			s, err := b.sample(ctx, c, o.connections, time.Duration(o.seconds)*time.Second)
			if err != nil {
				return nil, err
			}
			samples[c.key] = append(samples[c.key], s)
		}
	}
	r := b.report(o, samples)
	var err error
	if r.Hash, err = hashCost(ctx); err != nil {
		return nil, err
	}
	if r.Revoked, err = b.revoke(ctx, o.revocations); err != nil {
		return nil, err
	}
	r.SignIns, err = b.whileSigningIn(ctx, o)
	return r, err
}

func (b *bench) sample(ctx context.Context, c *configuration, connections int, length time.Duration) (s sample, err error) {
	before, err := b.cpus(c)
	if err != nil {
		return s, err
	}
	if s.load, err = wrk(ctx, c.front.base()+"/", connections, length, c.header...); err != nil {
		return s, fmt.Errorf("%s: %w", c.name, err)
	}
	after, err := b.cpus(c)
	if err != nil {
		return s, err
	}
	want := 0
	if c.anonymous {
		want = s.requests
	}
	if s.requests == 0 || s.refused != want {
		return s, fmt.Errorf("%s: got %d of %d requests refused, want %d\n%s", c.name, s.refused, s.requests, want, c.front.tail())
	}
	each := func(i int) float64 { return float64((after[i]-before[i])/time.Microsecond) / float64(s.requests) }
	s.front, s.upstream, s.redis = each(0), each(1), each(2)
	return s, nil
}

// cpus are the processor times of front, upstream and Redis.
func (b *bench) cpus(c *configuration) (t [3]time.Duration, err error) {
	for i, pid := range []int{c.front.cmd.Process.Pid, b.upstream.cmd.Process.Pid, b.redisPID} {
		if t[i], err = cpu(pid); err != nil {
			return t, err
		}
	}
	return t, nil
}
