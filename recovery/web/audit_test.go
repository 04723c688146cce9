package web_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// Every recovery that is begun is in the operator's log, once; for a name that
// nobody has it is there without one, and no page is any different.
func TestRecoverStartedIsAudited(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	robin := bob()
	w.Invite(robin)
	disable(t, w, robin.Name, recovery.StateDisabled)
	a := account(t, w, "alice")
	var mu sync.Mutex
	var events []recovery.Event
	w.Engine.Audit = func(e recovery.Event) {
		mu.Lock()
		defer mu.Unlock()
		if e.Name == recovery.EventRecoverStarted {
			events = append(events, e)
		}
	}
	for _, tc := range []struct {
		name, account, method string
		walk                  func(b *recoverytest.Browser)
		none                  bool
	}{
		{name: "by name", account: a.ID, walk: func(b *recoverytest.Browser) {
			w.Ask(b, alice)
			b.Want("choice").Submit("choice", "both").Want("factor")
		}},
		{name: "by mail address", account: a.ID, walk: func(b *recoverytest.Browser) { b.Get("/.sparekey/recover").Submit("name", alice.Mail).Want("sent") }},
		{name: "nobody", walk: func(b *recoverytest.Browser) {
			b.Get("/.sparekey/recover").Submit("name", "ghost@example.org").Want("sent").Submit("code", "AAAA-AAAA").Want("sent")
		}},
		{name: "disabled", walk: func(b *recoverytest.Browser) { b.Get("/.sparekey/recover").Submit("name", "robin").Want("sent") }},
		{name: "rescue link", account: a.ID, method: recovery.Rescue, walk: func(b *recoverytest.Browser) {
			token, err := w.Engine.RescueLink(t.Context(), "alice")
			if err != nil {
				t.Fatal(err)
			}
			b.Get("/.sparekey/link").Submit("code", token)
		}},
		{name: "page only", none: true, walk: func(b *recoverytest.Browser) { b.Get("/.sparekey/recover").Want("recover") }},
		{name: "nothing typed", none: true, walk: func(b *recoverytest.Browser) { b.Get("/.sparekey/recover").Submit("name", "") }},
		{name: "sign-in", none: true, walk: func(b *recoverytest.Browser) { w.SignIn(b, alice, "/") }},
		{name: "unlock", none: true, walk: func(b *recoverytest.Browser) {
			b.Get("/.sparekey/recover?choice=unlock").Submit("name", "alice").Want("sent")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			events = nil
			w.Clock.Move(2 * time.Hour)
			tc.walk(w.Browser())
			if tc.none {
				if len(events) != 0 {
					t.Errorf("got %+v, want none", events)
				}
				return
			}
			checkRecoverStarted(t, events, tc.account, tc.method)
		})
	}
}

func checkRecoverStarted(t *testing.T, events []recovery.Event, account, method string) {
	t.Helper()
	if len(events) != 1 || events[0].Account != account || (events[0].Person == "alice") != (account != "") || events[0].Method != method {
		t.Fatalf("got %+v, want one for account %q by %q", events, account, method)
	}
	if e := events[0]; e.Network == "" || e.Flow == "" || e.At.IsZero() || account == "" && e.Person != "" {
		t.Errorf("got %+v, want to see from where, and nobody's name for a decoy", e)
	}
	if got := fmt.Sprint(events); strings.Contains(got, "ghost") || strings.Contains(got, "example.org") || strings.Contains(got, "robin") {
		t.Errorf("got %s, want nothing that was typed", got)
	}
}
