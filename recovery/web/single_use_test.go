package web_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

func TestA05_OneLinkOnePassword(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	node := w.Node()
	b := atNewPassword(t, w, alice)
	flow := b.Hidden("new_password").Get("flow")
	c := recovery.Client{Network: "192.0.2.1", Flows: flowTokens(t, w, b)}
	var mu sync.Mutex
	var won []string
	var wg sync.WaitGroup
	for i := range 200 {
		e := w.Engine
		if i%2 == 1 {
			e = node.Engine
		}
		wg.Go(func() {
			password := fmt.Sprintf("battery number %d horse", i)
			o, err := e.Submit(t.Context(), c, recovery.Input{Flow: flow, NewPassword: secret.Text(password)})
			if err != nil {
				t.Error(err)
			}
			if o.Finished == recovery.KindRecover {
				mu.Lock()
				won = append(won, password)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("got %d successes, want exactly 1", len(won))
	}
	other := w.Browser()
	other.Get("/").Submit("name", "alice", "password", alice.Password).Want("sign-in")
	other.Get("/").Submit("name", "alice", "password", won[0]).Want("factor")
}

func TestA20_OneRecoveryCodeTwoNodes(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	node := w.Node()
	for round := range 10 {
		before := codesLeft(t, w, "alice")
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for _, e := range []*engine.Engine{w.Engine, node.Engine} {
			wg.Go(func() {
				c := recovery.Client{Network: "192.0.2.7"}
				o, err := e.Submit(t.Context(), c, recovery.Input{Start: recovery.KindLogin, Name: "alice", Password: secret.Text(alice.Password)})
				if err != nil || o.Problem != nil {
					t.Errorf("password step: %v %+v", err, o.Problem)
					return
				}
				c.Flows = []string{o.FlowToken}
				if _, err := e.Submit(t.Context(), c, recovery.Input{Flow: o.Flow.ID, Method: recovery.RecoveryCode}); err != nil {
					t.Error(err)
				}
				o, err = e.Submit(t.Context(), c, recovery.Input{Flow: o.Flow.ID, Code: secret.Text(alice.Codes[round])})
				if err != nil {
					t.Error(err)
				}
				if o.Session != "" {
					mu.Lock()
					won++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Fatalf("round %d: got %d successes, want 1", round, won)
		}
		if got := codesLeft(t, w, "alice"); got != before-1 {
			t.Fatalf("round %d: got %d codes left, want %d", round, got, before-1)
		}
	}
}

func codesLeft(t *testing.T, w *recoverytest.World, name string) int {
	t.Helper()
	a, err := w.Engine.Find(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return method.CodesLeft(a)
}
