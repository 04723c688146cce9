//go:build unix

package web_test

import (
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// twoNodes are two processes on one real Redis.
func twoNodes(t *testing.T) [2]*recoverytest.World {
	t.Helper()
	redis := kvtest.StartRedis(t)
	open := func() *rediskv.Driver {
		d, err := rediskv.Open(t.Context(), rediskv.Options{URL: redis.URL(), Timeout: 5 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.Close() })
		return d
	}
	w := recoverytest.New(t, recoverytest.WithDriver(open()), recoverytest.Remembering())
	return [2]*recoverytest.World{w, w.NodeOn(t, open())}
}

// atOnce sends 200 forms to both nodes from behind one barrier, and counts
// those that finished a flow.
func atOnce(t *testing.T, nodes [2]*recoverytest.World, c recovery.Client, in func(i int) recovery.Input) int64 {
	t.Helper()
	var wg sync.WaitGroup
	var won atomic.Int64
	barrier := make(chan struct{})
	for i := range 200 {
		wg.Go(func() {
			<-barrier
			o, err := nodes[i%2].Engine.Submit(t.Context(), c, in(i))
			if err == nil && o.Finished != "" {
				won.Add(1)
			}
		})
	}
	close(barrier)
	wg.Wait()
	return won.Load()
}

func TestTK03_OneOfManyWins(t *testing.T) {
	t.Parallel()
	recoverytest.Slow(t)
	rounds := 50
	if recoverytest.UnderRace(t) {
		rounds = 3
	}
	nodes := twoNodes(t)
	w := nodes[0]
	alice := recoverytest.Alice()
	w.Setup(alice)

	t.Run("authenticator code", func(t *testing.T) {
		for round := range rounds {
			w.Clock.Move(2 * time.Hour)
			c, flow := passwordShown(t, w, alice)
			code := secret.Text(recoverytest.TOTP(w, alice.Key))
			if won := atOnce(t, nodes, c, func(int) recovery.Input { return recovery.Input{Flow: flow, Code: code} }); won != 1 {
				t.Fatalf("round %d: got %d successes, want 1", round, won)
			}
		}
	})
	t.Run("recovery code", func(t *testing.T) {
		for round := range 10 {
			w.Clock.Move(2 * time.Hour)
			c, flow := passwordShown(t, w, alice)
			if _, err := w.Engine.Submit(t.Context(), c, recovery.Input{Flow: flow, Method: recovery.RecoveryCode}); err != nil {
				t.Fatal(err)
			}
			code := secret.Text(alice.Codes[round])
			if won := atOnce(t, nodes, c, func(int) recovery.Input { return recovery.Input{Flow: flow, Code: code} }); won > 1 {
				t.Fatalf("round %d: got %d successes, want at most 1", round, won)
			}
			if got := codesLeft(t, w, "alice"); got < 10-round-1 {
				t.Fatalf("round %d: got %d codes left: one use took two", round, got)
			}
		}
	})
	t.Run("link", func(t *testing.T) {
		if os.Getenv("SPAREKEY_SOAK") == "" {
			rounds = min(rounds, 10) // each makes up to 200 password hashes
		}
		for round := range rounds {
			w.Clock.Move(25 * time.Hour)
			b := atNewPassword(t, w, alice)
			c := recovery.Client{Network: "192.0.2.1", Flows: flowTokens(t, w, b)}
			flow := b.Hidden("new_password").Get("flow")
			won := atOnce(t, nodes, c, func(i int) recovery.Input {
				return recovery.Input{Flow: flow, NewPassword: secret.Text(fmt.Sprintf("battery number %d of %d horse", i, round))}
			})
			if won != 1 {
				t.Fatalf("round %d: got %d successes, want 1", round, won)
			}
		}
	})
}

// passwordShown is a login that only lacks the second factor.
func passwordShown(t *testing.T, w *recoverytest.World, p *recoverytest.Person) (recovery.Client, string) {
	t.Helper()
	c := recovery.Client{Network: "192.0.2.9"}
	o, err := w.Engine.Submit(t.Context(), c, recovery.Input{Start: recovery.KindLogin, Name: p.Name, Password: secret.Text(p.Password)})
	if err != nil || o.Problem != nil {
		t.Fatalf("password step: %v %+v", err, o.Problem)
	}
	c.Flows = []string{o.FlowToken}
	return c, o.Flow.ID
}

// TestSE03_TicketsOfBeforeAFailOver ask again: the server that took over, here one
// that was started again, may not have seen that they were used.
func TestSE03_TicketsOfBeforeAFailOver(t *testing.T) {
	t.Parallel()
	redis := kvtest.StartRedis(t, "--appendonly", "yes")
	d, err := rediskv.Open(t.Context(), rediskv.Options{URL: redis.URL(), Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	w, alice := withPortal(t, recoverytest.WithDriver(d))
	b := come(w, w.Browser(), alice, photos+"/")
	enter := ticketFor(t, b, nas)
	redis.Stop()
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	kvtest.WaitLive(t, d, true, 10*time.Second)
	if b.Get(enter).Want("refused"); cookieAt(t, b, nas) != nil {
		t.Error("the browser was given a cookie")
	}
	inApp(w, b.Get(nas+"/target?x=1"), nas+"/target?x=1")
}
