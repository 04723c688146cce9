package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// load asks the app for something with the headers of a browser, and returns
// whether the app answered.
func load(t *testing.T, w *recoverytest.World, b *recoverytest.Browser, method, mode, dest string) bool {
	t.Helper()
	before := w.Hits()
	req, err := http.NewRequestWithContext(t.Context(), method, w.Server.URL+"/albums", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Mode", mode)
	req.Header.Set("Sec-Fetch-Dest", dest)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := b.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return w.Hits() > before
}

// TestAWaitStandsInFrontOfTheNextPage: on each browser of the owner, and only in
// front of pages that a person loads.
func TestAWaitStandsInFrontOfTheNextPage(t *testing.T) {
	w, alice := withFactor(t)
	laptop, tablet := enter(t, w, w.Browser(), alice), enter(t, w, w.Browser(), alice)
	if laptop.Get("/albums?page=2"); laptop.Page() != "" {
		t.Fatalf("no wait: got page %q, want the app", laptop.Page())
	}
	waits()[0].beginWait(w, alice)
	for _, tc := range []struct {
		method, mode, dest string
		app                bool
	}{
		{http.MethodGet, "navigate", "document", false},
		{http.MethodPost, "navigate", "document", true},
		{http.MethodGet, "navigate", "iframe", true},
		{http.MethodGet, "cors", "empty", true},
		{http.MethodGet, "no-cors", "image", true},
		{http.MethodHead, "navigate", "document", true},
	} {
		if got := load(t, w, laptop, tc.method, tc.mode, tc.dest); got != tc.app {
			t.Errorf("%s %s %s: the app answered %v, want %v", tc.method, tc.mode, tc.dest, got, tc.app)
		}
	}
	laptop.Get("/albums?page=2").Want("waits").Submit("choice", "own_wait")
	if laptop.Page() != "" || laptop.URL.RequestURI() != "/albums?page=2" {
		t.Errorf("it was me: got page %q at %s, want the page asked for", laptop.Page(), laptop.URL)
	}
	if n := len(account(t, w, "alice").Waits); n != 1 {
		t.Fatalf("it was me: got %d waits, want it to go on", n)
	}
	tablet.Get("/albums").Want("waits").Submit("choice", "stop_wait").Want("account")
	if n := len(account(t, w, "alice").Waits); n != 0 {
		t.Errorf("stopped: got %d waits, want none", n)
	}
	if tablet.Get("/albums"); tablet.Page() != "" {
		t.Errorf("stopped: got page %q, want the app", tablet.Page())
	}
}

// TestAnotherWaitAsksAgain, also where the first was called one's own.
func TestAnotherWaitAsksAgain(t *testing.T) {
	w, alice := withFactor(t)
	b := enter(t, w, w.Browser(), alice)
	waits()[0].beginWait(w, alice)
	b.Get("/").Want("waits").Submit("choice", "own_wait")
	change(t, w, "alice", func(a *recovery.Account) {
		second := a.Waits[0]
		second.Goal, second.Known = recovery.GoalBoth, nil
		a.Waits = append(a.Waits, second)
	})
	b.Get("/").Want("waits")
}

// TestAStoppedWayIsNotBegunAgainForADay, except by somebody who shows something
// that the first did not.
func TestAStoppedWayIsNotBegunAgainForADay(t *testing.T) {
	x := waits()[0]
	for _, tc := range []struct {
		name  string
		after time.Duration
		more  bool // the second shows something else
		want  bool
	}{
		{"at once", 0, false, false},
		{"a second less than a day later", 24*time.Hour - time.Second, false, false},
		{"a day later", 24 * time.Hour, false, true},
		{"with another proof", 0, true, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, alice := x.made(t, policyOfWaits(x))
			b := enter(t, w, w.Browser(), alice)
			x.beginWait(w, alice)
			b.Get("/").Want("waits").Submit("choice", "stop_wait").Want("account")
			stopped := account(t, w, "alice").Stopped
			if len(stopped) != 1 {
				t.Fatalf("got %d ways stopped, want 1", len(stopped))
			}
			if tc.more {
				change(t, w, "alice", func(a *recovery.Account) { a.Stopped[0].Proofs = a.Stopped[0].Proofs[1:] })
			}
			at(w, stopped[0].Until.Add(tc.after-24*time.Hour))
			if got := x.walk(w, w.Browser(), alice).Page() == "wait"; got != tc.want {
				t.Errorf("offered to wait: got %v, want %v", got, tc.want)
			}
		})
	}
}

// TestAWaitIsHeardOutsideOfWhatBeganIt: the way asks for the password, and was
// begun with the mailbox; so a notice to the mailbox is none.
func TestAWaitIsHeardOutsideOfWhatBeganIt(t *testing.T) {
	way := func(p *recovery.Policy) {
		p.Ways[recovery.GoalSecondFactor] = []recovery.Way{{Proofs: []string{recovery.Password}, Wait: 24 * time.Hour, Line: "way password wait 24h"}}
		p.Ways[recovery.GoalBoth] = nil
	}
	for name, want := range map[string]bool{"nobody hears": false, "a browser hears": true} {
		t.Run(name, func(t *testing.T) {
			w, alice := withFactor(t, recoverytest.WithPolicy(way))
			change(t, w, "alice", func(a *recovery.Account) {
				noPhone(a)
				if want {
					watched(a, w.Clock.Now())
				}
			})
			b := w.Browser()
			w.Ask(b, alice)
			if b.Page() == "choice" {
				b.Submit("choice", "second_factor")
			}
			if b.Page() == "factor" && b.Has("password") {
				b.Submit("password", alice.Password)
			}
			if got := b.Page() == "wait"; got != want {
				t.Errorf("offered to wait: got %v (page %q), want %v", got, b.Page(), want)
			}
		})
	}
}
