package engine_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// trailStore is where the child process of this test works.
const trailStore = "SPAREKEY_TRAIL_STORE"

const administered = 4 // accounts of the test

// TestTrailChild is the process that is killed: it gives people other names to be
// shown, one after the other, and writes the trail meanwhile.
func TestTrailChild(t *testing.T) {
	path := os.Getenv(trailStore)
	if path == "" {
		return // not the child: its parent is the test below
	}
	e, _ := killEngine(t, path, recovery.ChannelMail)
	go e.KeepTrail(context.Background())
	for n := range administered {
		a := found(t, e, fmt.Sprint("person", n))
		go func() {
			for i := changesOf(a) + 1; ; i++ {
				x := recovery.Edit{Do: recovery.ActionDisplayName, Name: fmt.Sprint("n", i)}
				if _, err := e.Edit(t.Context(), engine.Shell(), a.ID, x, "because"); err != nil {
					fmt.Println("failed", err)
					return
				}
				fmt.Println("done", n, i)
			}
		}()
	}
	time.Sleep(time.Minute)
}

// changesOf is how often an account was changed: its name to be shown says so.
func changesOf(a *recovery.Account) (n int) {
	_, _ = fmt.Sscanf(a.DisplayName, "n%d", &n)
	return n
}

// AU-02: however often a process is killed in the middle of administrators' actions,
// account, audit trail and notice agree for each of them.
func TestAU02_KilledAmongAdministratorsActions(t *testing.T) {
	recoverytest.Slow(t)
	actions := 30
	if os.Getenv("SPAREKEY_SOAK") != "" {
		actions = 1000
	}
	t.Parallel()
	path := filepath.Join(t.TempDir(), "sparekey.db")
	e, d := killEngine(t, path, recovery.ChannelMail)
	for n := range administered {
		a, _, err := e.AddUser(t.Context(), recovery.NewAccount{Name: fmt.Sprint("person", n), Mail: fmt.Sprintf("person%d@example.org", n)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = kv.Update(t.Context(), e.Store, recovery.AccountKey(a.ID), time.Time{}, func(a *recovery.Account, _ bool) error {
			a.State = recovery.StateActive
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	_ = d.Close()
	kills, done := 0, 0
	for ; done < actions; kills++ {
		done = killAdministrator(t, path)
	}
	t.Logf("%d kills, %d actions", kills, done)
}

// killAdministrator lets a child work for a moment, kills it, and returns how many
// actions there were by now.
func killAdministrator(t *testing.T, path string) (done int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestTrailChild$") //nolint:gosec // this very test binary
	cmd.Env = append(os.Environ(), trailStore+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acked := map[int]int{}
	in := bufio.NewScanner(out)
	for in.Scan() {
		var n, i int
		if strings.HasPrefix(in.Text(), "failed") {
			t.Fatalf("child: %s", in.Text())
		}
		if _, err := fmt.Sscanf(in.Text(), "done %d %d", &n, &i); err != nil {
			continue // the kill cut the line
		}
		if len(acked) == 0 {
			time.AfterFunc(rand.N(60*time.Millisecond), func() { _ = cmd.Process.Kill() })
		}
		acked[n] = i
	}
	_ = cmd.Wait() // killed
	e, d := killEngine(t, path, recovery.ChannelMail)
	defer d.Close()
	writeTrail(t, e)
	for n := range administered {
		done += agrees(t, e, n, acked[n])
	}
	if r := verified(t, e); len(r.Faults) > 0 {
		t.Errorf("got %v", r.Faults)
	}
	return done
}

// agrees wants account, trail and notice to tell of the same changes, and of all
// that were acknowledged; it returns their number.
func agrees(t *testing.T, e *engine.Engine, n, acked int) int {
	t.Helper()
	a := found(t, e, fmt.Sprint("person", n))
	changes := changesOf(a)
	records := entries(t, e, engine.TrailQuery{Account: a.ID, Events: []recovery.EventName{recovery.EventDisplayName}})
	told := ""
	for _, o := range a.Owed {
		if o.Event == recovery.EventDisplayName {
			told = o.Thing.New
		}
	}
	if len(records) != changes || changes < acked || changes > 0 && told != a.DisplayName {
		t.Errorf("%s: acknowledged %d, in the account %d, in the trail %d, and told of %q", a.Name, acked, changes, len(records), told)
	}
	return changes
}
