package web_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func TestA44_TheEnrolmentCodeCountsAsUsed(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	code, err := w.Engine.OpenSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	b := w.Browser()
	b.Get("/.sparekey/setup").Submit("code", code).Submit("name", "alice", "new_password", alice.Password).TakeApp()
	key := strings.Join(b.All("secret"), "")
	used := recoverytest.TOTP(w, key)
	b.Submit("code", used).Want("codes").Submit("choice", "saved").Want("")
	b = w.Browser()
	b.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor").Submit("code", used).Want("factor")
	w.Clock.Move(30 * time.Second)
	b.Submit("code", used).Want("factor")
	b.Submit("code", recoverytest.TOTP(w, key))
	if b.Status != 200 || b.Page() != "" {
		t.Errorf("the next code: got status %d, page %q", b.Status, b.Page())
	}
}

func TestA43_OneCodeOneSuccess(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	node := w.Node()
	for range 20 {
		w.Clock.Move(time.Minute)
		code := recoverytest.TOTP(w, alice.Key)
		var wg sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for _, n := range []*recoverytest.World{w, node} {
			wg.Go(func() {
				got := totpTries(t, n, alice, []string{code})
				mu.Lock()
				won += got
				mu.Unlock()
			})
		}
		wg.Wait()
		if won != 1 {
			t.Fatalf("got %d successes with one code, want 1", won)
		}
		if again := totpTries(t, w, alice, []string{code}); again != 0 {
			t.Fatal("the code passed a second time")
		}
	}
}

func TestMF09_OneStepEachWay(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	for _, tc := range []struct {
		name  string
		steps int
		want  string
	}{{"two early", -2, "factor"}, {"one early", -1, ""}, {"now", 0, ""}, {"one late", 1, ""}, {"two late", 2, "factor"}} {
		t.Run(tc.name, func(t *testing.T) {
			w.Clock.Move(10 * time.Minute)
			w.Clock.Move(time.Duration(tc.steps) * 30 * time.Second)
			code := recoverytest.TOTP(w, alice.Key)
			w.Clock.Move(time.Duration(-tc.steps) * 30 * time.Second)
			b := w.Browser()
			b.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor").Submit("code", code).Want(tc.want)
		})
	}
}
