package web_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

func TestA29_SixthTryWaits(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	for range 5 {
		b.Get("/").Submit("name", "alice", "password", "wrong horse staple").Want("sign-in")
	}
	b.Get("/").Submit("name", "alice", "password", alice.Password).Want("slow-down")
	if b.Status != http.StatusTooManyRequests || b.Answer.Get("Retry-After") != "30" {
		t.Errorf("got status %d, Retry-After %q, want 429 and 30", b.Status, b.Answer.Get("Retry-After"))
	}
	w.Clock.Move(31 * time.Second)
	b.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor")
}

func TestTH01_WaitsDoubleUpToAnHour(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	b := w.Browser()
	wait := 30
	for n := range 13 {
		b.Get("/").Submit("name", "alice", "password", "wrong horse staple")
		if n < 5 {
			continue
		}
		if want := fmt.Sprint(wait); b.Answer.Get("Retry-After") != want {
			t.Errorf("try %d: got Retry-After %q, want %s", n+1, b.Answer.Get("Retry-After"), want)
		}
		w.Clock.Move(time.Duration(wait) * time.Second)
		b.Get("/").Submit("name", "alice", "password", "wrong horse staple").Want("sign-in")
		wait = min(wait*2, 3600)
	}
}

// totpTries signs in up to the factor page and sends codes at once.
func totpTries(t *testing.T, w *recoverytest.World, p *recoverytest.Person, codes []string) (right int) {
	t.Helper()
	c := recovery.Client{Network: "192.0.2.9"}
	o, err := w.Engine.Submit(t.Context(), c, recovery.Input{Start: recovery.KindLogin, Name: p.Name, Password: secret.Text(p.Password)})
	if err != nil || o.Problem != nil {
		t.Fatalf("password step: %v %+v", err, o.Problem)
	}
	c.Flows = []string{o.FlowToken}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for _, code := range codes {
		wg.Go(func() {
			o, err := w.Engine.Submit(context.WithoutCancel(t.Context()), c, recovery.Input{Flow: o.Flow.ID, Code: secret.Text(code)})
			if err != nil {
				t.Error(err)
			}
			if o.Session != "" {
				mu.Lock()
				right++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return right
}

func wrongCodes(n int, right string) []string {
	var out []string
	for i := 0; len(out) < n; i++ {
		if c := fmt.Sprintf("%06d", i*7); c != right {
			out = append(out, c)
		}
	}
	return out
}

func TestA30_ParallelGuessesAreCountedExactly(t *testing.T) {
	t.Parallel()
	recoverytest.Slow(t)
	w := recoverytest.New(t, recoverytest.Remembering())
	alice := recoverytest.Alice()
	w.Setup(alice)
	got, rounds := 0, 100 // 199 wrong and 1 right each; about 2.5 % of them may be let through
	if recoverytest.UnderRace(t) {
		rounds = 8
	}
	for i := range rounds {
		w.Clock.Move(2 * time.Hour) // the hourly count of codes begins again
		right := recoverytest.TOTP(w, alice.Key)
		codes := wrongCodes(199, right)
		codes = slices.Insert(codes, (i*37)%200, right)
		got += totpTries(t, w, alice, codes)
	}
	if got > 7 {
		t.Errorf("got %d successes in %d rounds, want at most 7", got, rounds)
	}
}

func TestA31_RestartingDoesNotResetTheCount(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	evaluated := 0
	for range 10 {
		right := recoverytest.TOTP(w, alice.Key)
		c := recovery.Client{Network: "192.0.2.9"}
		o, err := w.Engine.Submit(t.Context(), c, recovery.Input{Start: recovery.KindLogin, Name: alice.Name, Password: secret.Text(alice.Password)})
		if err != nil || o.Problem != nil {
			t.Fatalf("password step: %v %+v", err, o.Problem)
		}
		c.Flows = []string{o.FlowToken}
		for _, code := range wrongCodes(4, right) {
			o, err := w.Engine.Submit(t.Context(), c, recovery.Input{Flow: o.Flow.ID, Code: secret.Text(code)})
			if err != nil {
				t.Fatal(err)
			}
			if o.Problem.Wait == 0 {
				evaluated++
			}
		}
	}
	if evaluated != 10 {
		t.Errorf("got %d codes looked at in the hour, want 10", evaluated)
	}
	if got := totpTries(t, w, alice, []string{recoverytest.TOTP(w, alice.Key)}); got != 0 {
		t.Error("the right code passed although the account had its ten tries")
	}
}

func TestA32_AllSpellingsAreOneAccount(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	for _, name := range []string{"alice", "Alice", "ALICE", "alice@example.org", "\uff41\uff4c\uff49\uff43\uff45"} {
		b.Get("/").Submit("name", name, "password", "wrong horse staple").Want("sign-in")
	}
	b.Get("/").Submit("name", "alice", "password", alice.Password).Want("slow-down")
}

func TestA33_ForwardingHeadersOfStrangersCountForNothing(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	for i := range 6 {
		b.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
		b.Header.Set("X-Real-Ip", fmt.Sprintf("203.0.113.%d", i))
		b.Header.Set("Forwarded", fmt.Sprintf("for=203.0.113.%d", i))
		b.Get("/").Submit("name", "alice", "password", "wrong horse staple")
	}
	b.Want("slow-down")
}

func TestTH01_AHundredFailuresInARowSuspend(t *testing.T) {
	w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.Limits.Failures.Count = 1e6 }))
	alice := recoverytest.Alice()
	w.Setup(alice)
	known := w.Browser()
	w.SignIn(known, alice, "/")
	stranger := w.Browser()
	for range 100 {
		stranger.Get("/").Submit("name", "alice", "password", "wrong horse staple").Want("sign-in")
	}
	stranger.Get("/").Submit("name", "alice", "password", alice.Password).Want("slow-down")
	if n := len(w.Outbox.To(alice.Mail, "notice")); n != 1 {
		t.Errorf("got %d notices, want the owner told once", n)
	}
	known.Post("/.sparekey/logout", url.Values{}).Want("signed-out")
	known.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor") // TH-04: her own browser counts for itself

	old := alice.Password
	alice.Password = "another horse battery"
	atNewPassword(t, w, alice).Submit("new_password", alice.Password).Want("sign-in")
	stranger.Get("/").Submit("name", "alice", "password", old).Want("sign-in")
	stranger.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor")
}

func TestMF07_RightPasswordWrongFactorIsToldOnceAnHour(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	b.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor")
	for _, code := range wrongCodes(3, recoverytest.TOTP(w, alice.Key)) {
		b.Submit("code", code)
	}
	if n := len(w.Outbox.To(alice.Mail, "notice")); n != 1 {
		t.Errorf("got %d notices within the hour, want 1", n)
	}
	w.Clock.Move(61 * time.Minute)
	w.Browser().Get("/").Submit("name", "alice", "password", alice.Password).Want("factor").Submit("code", "000000").Submit("code", "000001")
	if n := len(w.Outbox.To(alice.Mail, "notice")); n != 2 {
		t.Errorf("got %d notices after an hour, want 2", n)
	}
}

func TestTH07_RecoveryMailsAreCountedSilently(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	for i := range 50 {
		b := w.Browser()
		b.Get("/.sparekey/recover").Submit("name", "alice").Want("sent")
		if i == 20 {
			w.Clock.Move(10 * time.Minute)
		}
	}
	if n := len(w.Outbox.To(alice.Mail, "recover-code")); n != 3 {
		t.Errorf("got %d mails in the hour, want 3", n)
	}
}
