package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestA41_KilledCaddy ends Caddy with SIGKILL at a random moment around the
// write that replaces a second factor. Afterwards the old authenticator signs
// in or the new one does: never both, never neither. A replaced one is told.
func TestA41_KilledCaddy(t *testing.T) {
	kills := 12
	if os.Getenv("SPAREKEY_SOAK") != "" {
		kills = 100
	}
	for _, store := range []string{"file", "redis"} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			w := recoverytest.New(t, lab(t, store), recoverytest.WithPolicy(func(p *recovery.Policy) {
				many := recovery.Rate{Count: 1e6, Per: time.Hour}
				p.Limits.SendsHourly, p.Limits.SendsDaily = many, many
			}))
			alice := recoverytest.Alice()
			w.Setup(alice)
			kept := 0
			for range kills {
				w.Clock.Move(73 * time.Hour)
				told := replacedNotices(w, alice)
				if old := *alice; killOnce(t, w, alice) == old.Key {
					*alice = old
					kept++
				} else {
					told++
				}
				wantReplacedNotices(t, w, alice, told)
			}
			t.Logf("%d kills: the old authenticator was kept %d times", kills, kept)
			wantTrail(t, w, kills-kept)
		})
	}
}

// wantTrail wants a record of each replaced authenticator, once, and nothing wrong with
// the audit trail, which was written by as many processes as were killed.
func wantTrail(t *testing.T, w *recoverytest.World, want int) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		got := 0
		_, lost, err := w.Engine.ReadTrail(t.Context(), engine.TrailQuery{Events: []recovery.EventName{recovery.EventFactorReset}}, func(engine.TrailEntry) bool {
			got++
			return true
		})
		switch {
		case err != nil || lost > 0:
			t.Fatalf("got %d parts lost, %v", lost, err)
		case got == want:
			if r, err := w.Engine.VerifyTrail(t.Context(), nil); err != nil || len(r.Faults) > 0 {
				t.Errorf("got %+v, %v", r, err)
			}
			return
		case time.Now().After(deadline):
			t.Fatalf("got %d records of a replaced authenticator, want %d", got, want)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func replacedNotices(w *recoverytest.World, p *recoverytest.Person) int {
	n := 0
	for _, m := range w.Outbox.To(p.Mail, "notice") {
		if m.Vars["event"] == string(recovery.EventFactorReset) {
			n++
		}
	}
	return n
}

// wantReplacedNotices wants a change to be told, also when the process that made
// it was killed, and told once or, if it was killed while sending, twice. What
// was not changed is not told.
func wantReplacedNotices(t *testing.T, w *recoverytest.World, p *recoverytest.Person, want int) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for replacedNotices(w, p) < want && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	if got := replacedNotices(w, p); got < want || got > want+1 {
		t.Fatalf("got %d notices of a replaced authenticator, want %d, or one more", got, want)
	}
}

// killOnce returns the key that signs in afterwards; alice has the new one.
func killOnce(t *testing.T, w *recoverytest.World, alice *recoverytest.Person) string {
	t.Helper()
	old := alice.Key
	b := w.Browser()
	w.Ask(b, alice)
	b.Want("choice").Submit("choice", "second_factor").Want("factor").Submit("password", alice.Password).Want("factor")
	b.Submit("code", w.SMSCode(alice)).TakeApp()
	alice.Key = strings.ReplaceAll(strings.Join(b.All("secret"), ""), "-", "")
	b.Submit("code", recoverytest.TOTP(w, alice.Key)).Want("codes")
	alice.Codes = strings.Fields(strings.Join(b.All("codes"), " "))

	last := b.Hidden("choice")
	last.Set("choice", "saved")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.Server.URL+"/.sparekey/", strings.NewReader(last.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Cookie", cookiesOf(b))
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		if res, err := w.Client().Do(req); err == nil {
			_ = res.Body.Close()
		}
	}()
	time.Sleep(rand.N(12 * time.Millisecond))
	w.Crash()
	<-answered
	w.Clock.Move(11 * time.Minute) // what the killed one was sending is not its any more
	w.Restart()
	return signsIn(t, w, alice, old)
}

// signsIn wants exactly one of the two authenticators to sign in.
func signsIn(t *testing.T, w *recoverytest.World, alice *recoverytest.Person, old string) string {
	t.Helper()
	var works, shown []string
	for _, key := range []string{old, alice.Key} {
		w.Clock.Move(2 * time.Hour)
		b := passwordShown(w, alice).Submit("code", recoverytest.TOTP(w, key))
		// After several wrong codes of this test a sign-in leads to the account, which says so.
		if (b.Page() == "" || b.Page() == "account") && b.Status == http.StatusOK {
			works = append(works, key)
		}
		shown = append(shown, fmt.Sprint(b.Status, " ", b.Page()))
	}
	if len(works) != 1 {
		t.Fatalf("after the kill %d of the two authenticators sign in, want exactly one: %q", len(works), shown)
	}
	return works[0]
}
