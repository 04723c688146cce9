package engine_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/boltkv"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// killStore is where the child process works; empty in the parent.
const killStore = "SPAREKEY_KILL_STORE"

func killKey() []byte { return []byte(strings.Repeat("k", secret.KeySize)) }

func killEngine(t *testing.T, path string, channels ...string) (*engine.Engine, kv.Driver) {
	t.Helper()
	d, err := boltkv.Open(path, boltkv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return engineOn(t, d, channels...), d
}

// engineOn is an engine over a store of tests in which processes are killed.
func engineOn(t *testing.T, d kv.Driver, channels ...string) *engine.Engine {
	t.Helper()
	keys, err := secret.NewKeys(killKey())
	if err != nil {
		t.Fatal(err)
	}
	p := recovery.Default()
	p.Hash = secret.HashParams{Time: 1, Memory: 64, Threads: 1}
	s := &kv.Store{Driver: d, Sealer: keys, Now: time.Now}
	if err := engine.Prepare(t.Context(), s, keys); err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(&engine.Engine{
		Store: s, Keys: keys, Policy: p, Now: time.Now, Methods: method.All(method.Set{Keys: keys, Hasher: secret.NewHasher(p.Hash, 0), Has: func(c string) bool { return slices.Contains(channels, c) }}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestKillChild is the process that is killed: it adds people and signs off
// each acknowledged change with a line.
func TestKillChild(t *testing.T) {
	path := os.Getenv(killStore)
	if path == "" {
		return // not the child: its parents are the tests below
	}
	e, _ := killEngine(t, path)
	round := os.Getenv(killStore + "_ROUND")
	for worker := range 4 {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("r%s-w%d-n%d", round, worker, i)
				a, token, err := e.AddUser(t.Context(), recovery.NewAccount{Name: name, Mail: name + "@example.org"})
				if err != nil {
					fmt.Println("failed", err)
					return
				}
				fmt.Println("added", a.Name, token)
			}
		}()
	}
	time.Sleep(time.Minute)
}

func TestA65_KilledUnderLoadKeepsWhatWasAcknowledged(t *testing.T) {
	recoverytest.Slow(t)
	kills := 100
	switch {
	case os.Getenv("SPAREKEY_SOAK") != "":
		kills = 1000
	case recoverytest.UnderRace(t):
		kills = 20 // the whole number is in the run without the race detector
	}
	const each = 50 // kills of one store, so that checking stays quick
	var total atomic.Int64
	t.Run("stores", func(t *testing.T) {
		for first := 0; first < kills; first += each {
			t.Run(fmt.Sprintf("kills from %d", first), func(t *testing.T) {
				t.Parallel()
				path := filepath.Join(t.TempDir(), "sparekey.db")
				for round := first; round < min(first+each, kills); round++ {
					acked := killOnce(t, path, round)
					total.Add(int64(len(acked)))
					checkAcked(t, path, acked)
				}
			})
		}
	})
	t.Logf("%d kills, %d acknowledged changes, all there", kills, total.Load())
	if total.Load() < int64(kills) {
		t.Errorf("got %d acknowledged changes in %d kills: the child hardly worked", total.Load(), kills)
	}
}

// killOnce lets a child work for a moment, kills it, and returns the lines it
// got out.
func killOnce(t *testing.T, path string, round int) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestKillChild$") //nolint:gosec // this very test binary
	cmd.Env = append(os.Environ(), killStore+"="+path, fmt.Sprintf("%s_ROUND=%d", killStore, round))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	in := bufio.NewScanner(out)
	for in.Scan() {
		line := in.Text()
		if strings.HasPrefix(line, "failed") || strings.HasPrefix(line, "---") {
			t.Fatalf("child: %s", line)
		}
		if !strings.HasPrefix(line, "added ") {
			continue
		}
		if lines = append(lines, line); len(lines) == 1 {
			time.AfterFunc(rand.N(30*time.Millisecond), func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait() // killed
	return lines
}

// checkAcked opens what is left and looks for every change that was
// acknowledged, whole: account, index entries, invitation.
func checkAcked(t *testing.T, path string, acked []string) {
	t.Helper()
	e, d := killEngine(t, path)
	defer d.Close()
	for _, line := range acked {
		f := strings.Fields(line)
		if len(f) != 3 {
			continue // the kill cut the line
		}
		for _, typed := range []string{f[1], f[1] + "@example.org"} {
			a, err := e.Find(t.Context(), typed)
			if err != nil || a.Name != f[1] || a.State != recovery.StateInvited {
				t.Fatalf("%s was acknowledged and is gone: %v", typed, err)
			}
		}
		o, err := e.Submit(t.Context(), recovery.Client{Network: f[1]}, recovery.Input{Code: secret.Text(f[2])})
		if err != nil || o.Problem != nil {
			t.Fatalf("the invitation of %s was acknowledged and is gone: %v %+v", f[1], err, o.Problem)
		}
	}
	people, err := e.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range people {
		if a, err := e.Find(t.Context(), p.Name); err != nil || a.ID != p.ID {
			t.Fatalf("half-done account %s: %v", p.Name, err)
		}
	}
}
