package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// proved presses the button of the page that asks for a proof, and gives it.
func proved(t *testing.T, w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person, back string) {
	t.Helper()
	b.Want("forbidden")
	for _, field := range []string{`name="start" value="step_up"`, `name="return" value="` + strings.ReplaceAll(back, "&", "&amp;") + `"`} {
		if !strings.Contains(b.Body, field) {
			t.Fatalf("the page has no %s\n%s", field, b.Body)
		}
	}
	b.Post("/.sparekey/", recoverytest.Fields("start", "step_up", "return", back)).Want("factor").Submit("code", secondCode(w, p))
	if b.Status != http.StatusOK || told(t, b).URI != back {
		t.Fatalf("after the proof: got %d at %s, want the app at %s", b.Status, b.URL, back)
	}
}

// TestFactorsCountsWhatWasShown in the session, whatever the browser is trusted
// with, and asks for the second factor where it was not.
func TestFactorsCountsWhatWasShown(t *testing.T) {
	t.Parallel()
	for _, way := range waysIn() {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			w := recoverytest.New(t)
			alice := recoverytest.Alice()
			w.Setup(alice)
			b := way.in(w, alice)
			w.Rules.Factors = 2
			b.Get("/album?a=1&b=2")
			if way.name != "password on a remembered browser" {
				if b.Status != http.StatusOK {
					t.Errorf("got %d, want it let through", b.Status)
				}
				return
			}
			if b.Status != http.StatusUnauthorized {
				t.Fatalf("got %d, want 401", b.Status)
			}
			proved(t, w, b, alice, "/album?a=1&b=2")
			w.Clock.Move(time.Hour) // for the rest of the session
			if b.Get("/"); b.Status != http.StatusOK {
				t.Errorf("an hour after the proof: got %d, want 200", b.Status)
			}
		})
	}
}

// TestFactorsOfSomebodyWithoutOne says how to get one, and then lets pass.
func TestFactorsOfSomebodyWithoutOne(t *testing.T) {
	t.Parallel()
	w, p := withoutFactor(t)
	b := signIn(w, w.Browser(), p)
	w.Rules.Factors = 2
	if b.Get("/"); b.Status != http.StatusForbidden || !strings.Contains(b.Body, `#factors"`) {
		t.Fatalf("got %d, want 403 with a button to add a factor\n%s", b.Status, b.Text())
	}
	quietly(b)
	if b.Get("/api"); b.Status != http.StatusForbidden || !strings.Contains(b.Body, "second_factor_missing") {
		t.Errorf("in the background: got %d %s", b.Status, b.Body)
	}
}

func quietly(b *recoverytest.Browser) {
	b.Header = http.Header{"Sec-Fetch-Mode": {"cors"}, "Sec-Fetch-Dest": {"empty"}, "Accept": {"application/json"}}
}

// TestFreshAsksAgain by time, at a page; in the background it says so, and a form
// is not lost.
func TestFreshAsksAgain(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	w.Rules.Fresh = 10 * time.Minute
	b := signIn(w, w.Browser(), alice)
	if b.Get("/vault"); b.Status != http.StatusOK {
		t.Fatalf("after the sign-in: got %d, want 200", b.Status)
	}
	w.Clock.Move(10 * time.Minute)
	hits := w.Hits()
	if b.Get("/vault"); b.Status != http.StatusUnauthorized {
		t.Fatalf("ten minutes later: got %d, want 401", b.Status)
	}
	b.Post("/vault", recoverytest.Fields("text", "mine")).Want("not-saved")
	quietly(b)
	if b.Get("/api"); b.Status != http.StatusUnauthorized || !strings.Contains(b.Body, "proof_required") {
		t.Errorf("in the background: got %d %s", b.Status, b.Body)
	}
	if w.Hits() != hits {
		t.Error("the app was reached without a proof")
	}
	b.Header = http.Header{}
	proved(t, w, b.Get("/vault?x=1"), alice, "/vault?x=1")
}

// TestRecoveredWithinKeepsOut an account that was got back lately, by each way.
func TestRecoveredWithinKeepsOut(t *testing.T) {
	t.Parallel()
	for name, recover := range recoveries() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := withFactor(t)
			before := signIn(w, w.Browser(), p)
			w.Rules.Recovered = 3 * time.Hour
			if before.Get("/").Status != http.StatusOK {
				t.Fatalf("before: got %d, want 200", before.Status)
			}
			recover(t, w, p)
			w.Rules.Recovered = 0
			b := signIn(w, w.Browser(), p)
			w.Rules.Recovered = 3 * time.Hour
			if b.Get("/"); b.Page() != "forbidden" || b.Status != http.StatusForbidden {
				t.Errorf("after it: got %d and page %s, want 403", b.Status, b.Page())
			}
			if w.Events.Count(recovery.EventForbidden) == 0 {
				t.Error("it is not in the log")
			}
			w.Clock.Move(3 * time.Hour)
			if b.Get("/"); b.Status != http.StatusOK {
				t.Errorf("three hours later: got %d, want 200", b.Status)
			}
		})
	}
}

// TestRulesHoldForStreams, as they were when the request began: an hour's download
// is not cut because its proof has grown old, and a change of the account is
// looked at with all rules.
func TestRulesHoldForStreams(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t, func(w *recoverytest.World) { w.App = http.HandlerFunc(recoverytest.StreamApp) })
	w.Rules.Fresh, w.Rules.Allow = 10*time.Minute, []string{recovery.GroupAdmins}
	list := openAll(w, comeIn(w, alice), []string{"events"})
	w.Clock.Move(11 * time.Minute)
	change(t, w, alice.Name, func(a *recovery.Account) { a.Lang = "fr" })
	time.Sleep(100 * time.Millisecond) // for the report to be acted upon
	recoverytest.WantOpen(t, "after the time of a proof", list)
	change(t, w, alice.Name, func(a *recovery.Account) {
		a.Groups = slices.DeleteFunc(a.Groups, func(g string) bool { return g == recovery.GroupAdmins })
	})
	recoverytest.WantOver(t, "out of the group", list, 1500*time.Millisecond)
}

// TestProofAtThePortal is asked for there, and leads back to the host.
func TestProofAtThePortal(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := come(w, w.Browser(), alice, photos+"/trip")
	w.Rules.Fresh = 10 * time.Minute
	w.Clock.Move(10 * time.Minute)
	if b.Get(photos + "/trip?id=7").Want("forbidden"); "https://"+b.URL.Host != portal {
		t.Fatalf("got the page at %s, want it at the portal", b.URL)
	}
	b.Post("/.sparekey/", recoverytest.Fields("start", "step_up", "return", photos+"/trip?id=7")).Want("factor").Submit("code", secondCode(w, alice))
	inApp(w, b, photos+"/trip?id=7")
	if got := background(t, b, photos+"/api", cookieAt(t, b, photos)); got != http.StatusOK {
		t.Errorf("in the background after the proof: got %d, want 200", got)
	}
	w.Clock.Move(10 * time.Minute)
	if got := background(t, b, photos+"/api", cookieAt(t, b, photos)); got != http.StatusUnauthorized {
		t.Errorf("in the background ten minutes later: got %d, want 401", got)
	}
}
