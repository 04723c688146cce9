package engine_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
)

// trailRedis is the store of the child processes of this test.
const trailRedis = "SPAREKEY_TRAIL_REDIS"

func soakEngine(t *testing.T, url string) *engine.Engine {
	t.Helper()
	d, err := rediskv.Open(t.Context(), rediskv.Options{URL: url, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	e := engineOn(t, d, recovery.ChannelMail)
	e.Shared = true
	return e
}

// TestSoakTrailChild is a process that is killed: it changes people that others do
// not, and leaves wrong tries behind.
func TestSoakTrailChild(t *testing.T) {
	url := os.Getenv(trailRedis)
	if url == "" {
		return // not the child
	}
	e := soakEngine(t, url)
	go e.KeepTrail(context.Background())
	a := found(t, e, os.Getenv(trailRedis+"_PERSON"))
	for i := changesOf(a) + 1; ; i++ {
		if _, err := e.Edit(t.Context(), engine.Shell(), a.ID, recovery.Edit{Do: recovery.ActionDisplayName, Name: fmt.Sprint("n", i)}, "because"); err != nil {
			fmt.Println("failed", err)
			return
		}
		e.Refused(engine.By(t.Context(), engine.Actor{Network: fmt.Sprint("net", i%50)}), recovery.Event{Name: recovery.EventCrossSite})
		fmt.Println("done", i)
	}
}

// Three processes with one store, a thousand changes each, killed in between at any
// moment: every change has its record, once, and nothing is found wrong.
func TestSoakTrailOfThreeKilledProcesses(t *testing.T) {
	if os.Getenv("SPAREKEY_SOAK") == "" {
		t.Skip("long: make soak runs it")
	}
	url := kvtest.StartRedis(t).URL()
	e := soakEngine(t, url)
	var running sync.WaitGroup
	for n := range 3 {
		name := fmt.Sprint("person", n)
		a, _, err := e.AddUser(t.Context(), recovery.NewAccount{Name: name, Mail: name + "@example.org"})
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
		running.Go(func() {
			kills := 0
			for done := 0; done < 1000 && !t.Failed(); kills++ {
				done = max(done, soakOnce(t, url, name))
			}
			t.Logf("%s: %d kills", name, kills)
		})
	}
	running.Wait()
	writeTrail(t, e)
	for n := range 3 {
		if got := agrees(t, e, n, 1000); got < 1000 {
			t.Errorf("person%d: got %d changes, want 1,000", n, got)
		}
	}
	if r := verified(t, e); len(r.Faults) > 0 {
		t.Errorf("got %v", r.Faults)
	} else {
		t.Logf("%d records in %d segments", r.Records, r.Segments)
	}
}

// soakOnce lets a child work for a moment, kills it, and returns what it has come to.
func soakOnce(t *testing.T, url, person string) (done int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestSoakTrailChild$") //nolint:gosec // this very test binary
	cmd.Env = append(os.Environ(), trailRedis+"="+url, trailRedis+"_PERSON="+person)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Error(err)
		return 0
	}
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return 0
	}
	begun := false
	for in := bufio.NewScanner(out); in.Scan(); {
		if strings.HasPrefix(in.Text(), "failed") {
			t.Errorf("child: %s", in.Text())
		}
		if _, err := fmt.Sscanf(in.Text(), "done %d", &done); err == nil && !begun {
			begun = true
			time.AfterFunc(rand.N(400*time.Millisecond), func() { _ = cmd.Process.Kill() })
		}
	}
	_ = cmd.Wait() // killed
	return done
}
