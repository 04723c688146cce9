package web_test

import (
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestEveryRecordNamesWhoDidIt has an administrator do all there is to do, and a
// person what people do: each event says who, and from which address.
func TestEveryRecordNamesWhoDidIt(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	id := account(t, w, robin.Name).ID
	b := w.Browser()
	w.SignIn(b, alice, "/")
	var mu sync.Mutex
	var events []recovery.Event
	w.Engine.Audit = func(e recovery.Event) {
		mu.Lock()
		defer mu.Unlock()
		events = append(events, e)
	}
	done := func(actor string, names ...recovery.EventName) {
		t.Helper()
		mu.Lock()
		defer mu.Unlock()
		for _, name := range names {
			found := false
			for _, e := range events {
				if e.Name != name {
					continue
				}
				found = true
				if e.Actor != actor || e.Network == "" || e.ActorID != account(t, w, actor).ID {
					t.Errorf("%s: got actor %q (%q) at %q, want %s and an address", name, e.Actor, e.ActorID, e.Network, actor)
				}
			}
			if !found {
				t.Errorf("no event %s", name)
			}
		}
		events = nil
	}
	people := "/.sparekey/people"
	b.Post(people, recoverytest.Fields("name", "carol", "mail", "carol@example.org")).Want("invite")
	done("alice", recovery.EventInvited)
	carol := people + "/" + account(t, w, "carol").ID
	b.Post(carol, recoverytest.Fields("choice", "invite_again"))
	done("alice", recovery.EventInvited)
	for _, do := range []recovery.Action{recovery.ActionUnlock, recovery.ActionSignOut, recovery.ActionDisable, recovery.ActionEnable} {
		b.Post(people+"/"+id, recoverytest.Fields("choice", string(do), "reason", "asked by phone"))
		done("alice", do.Event())
	}
	b.Post(people+"/"+id, recoverytest.Fields("choice", "correct_mail", "mail", "robin2@example.org", "reason", "asked by phone"))
	done("alice", recovery.EventContactChanged)
	w.Clock.Move(time.Hour)
	caseFor(t, w, alice, robin)
	done("alice", recovery.EventCaseOpened)
	b = w.Browser()
	w.SignIn(b, robin, "/")
	b.Post("/.sparekey/logout", recoverytest.Fields())
	done("robin", recovery.EventLogin, recovery.EventLogout)
}

// Every event that a request makes says from where, and who did it.
func TestEventsOfRequestsSayWhereAndWho(t *testing.T) {
	for _, x := range events() {
		t.Run(string(x.event)+" "+x.name, func(t *testing.T) {
			t.Parallel()
			w, alice := withFactor(t)
			x.do(t, w, enter(t, w, w.Browser(), alice), alice)
			if len(w.Events.All()) < 3 {
				t.Errorf("got %d events, want those of set-up, sign-in and this", len(w.Events.All()))
			}
			for _, e := range w.Events.All() {
				if e.Name != recovery.EventInvited && (e.Network == "" || e.Actor == "") { // robin is invited by the test itself
					t.Errorf("got %+v, want from where and who", e)
				}
			}
		})
	}
}
