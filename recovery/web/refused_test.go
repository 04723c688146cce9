package web_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// refusal is one way to be refused that the operator hears of.
type refusal struct {
	name  string
	event recovery.EventName
	by    string
	enter func(t *testing.T, w *recoverytest.World, robin *recoverytest.Person) *recoverytest.Browser // nil: nobody is signed in
	press func(w *recoverytest.World, b *recoverytest.Browser)
}

func asRobin(t *testing.T, w *recoverytest.World, robin *recoverytest.Person) *recoverytest.Browser {
	t.Helper()
	return enter(t, w, w.Browser(), robin)
}

func asBoss(edit func(*recovery.Account)) func(*testing.T, *recoverytest.World, *recoverytest.Person) *recoverytest.Browser {
	return func(t *testing.T, w *recoverytest.World, robin *recoverytest.Person) *recoverytest.Browser {
		t.Helper()
		b := enter(t, w, w.Browser(), robin)
		change(t, w, robin.Name, func(a *recovery.Account) {
			a.Groups = []string{recovery.GroupAdmins}
			edit(a)
		})
		return b
	}
}

func refusals() []refusal {
	people := func(_ *recoverytest.World, b *recoverytest.Browser) {
		b.Post("/.sparekey/people", recoverytest.Fields("name", "carol"))
	}
	return []refusal{
		{"a form of another site", recovery.EventCrossSite, recovery.Visitor, nil, func(_ *recoverytest.World, b *recoverytest.Browser) {
			b.Header.Set("Sec-Fetch-Site", "cross-site")
			b.Post("/.sparekey/", recoverytest.Fields("start", "login"))
		}},
		{"a ticket that is none", recovery.EventTicketFailed, recovery.Visitor, nil, func(_ *recoverytest.World, b *recoverytest.Browser) {
			b.Post("/.sparekey/", recoverytest.Fields("code", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
		}},
		{"a closing link that is none", recovery.EventTicketFailed, recovery.Visitor, nil, func(_ *recoverytest.World, b *recoverytest.Browser) {
			b.Post("/.sparekey/stop", recoverytest.Fields("code", "AAAA-BBBB-CCCC-DDDD"))
		}},
		{"an app for others", recovery.EventForbidden, "robin", asRobin, func(w *recoverytest.World, b *recoverytest.Browser) {
			if !w.Running() {
				w.Rules.Allow = []string{"nobody"}
			}
			b.Get("/album")
		}},
		{"a member among the people", recovery.EventAdminRefused, "robin", asRobin, people},
		{"a member opens a case", recovery.EventAdminRefused, "robin", asRobin, func(_ *recoverytest.World, b *recoverytest.Browser) {
			b.Post("/.sparekey/", recoverytest.Fields("start", "open_case", "name", "alice", "choice", "both", "reason", "because"))
		}},
		{"an administrator on probation", recovery.EventAdminRefused, "robin", asBoss(func(a *recovery.Account) {
			a.Probation = a.Created.Add(1000 * time.Hour)
		}), people},
		{"an administrator without a second factor", recovery.EventAdminRefused, "robin", asBoss(func(a *recovery.Account) {
			a.Drop(recovery.TOTP)
			a.SecondFactor = false
		}), people},
	}
}

// logged lists the events of a name. A running Caddy may be slow to write them:
// that many are waited for.
func logged(w *recoverytest.World, name recovery.EventName, n int) []recovery.Event {
	for end := time.Now().Add(5 * time.Second); w.Running() && w.Events.Count(name) < n && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	return w.Events.Of(name)
}

// What is refused is in the operator's log, at most once a minute for each kind
// and network, and every line says how many it stands for.
func TestRefusalsAreJoinedByTheMinute(t *testing.T) {
	for _, x := range refusals() {
		t.Run(x.name, func(t *testing.T) {
			w, robin := recoverytest.New(t), bob()
			if w.Running() && x.event == recovery.EventForbidden {
				t.Skip("the site of a running Caddy is for everybody")
			}
			w.Setup(recoverytest.Alice())
			w.Invite(robin)
			b := w.Browser()
			if x.enter != nil {
				b = x.enter(t, w, robin)
			}
			before := w.Events.Count(x.event)
			for range 3 {
				x.press(w, b)
			}
			list := logged(w, x.event, before+1)[before:]
			if len(list) != 1 || list[0].Count != 1 || list[0].Actor != x.by || list[0].Network == "" {
				t.Fatalf("got %+v, want one that stands for one, by %s and from where", list, x.by)
			}
			w.Clock.Move(time.Minute)
			x.press(w, b)
			if list = logged(w, x.event, before+2)[before:]; len(list) != 2 || list[1].Count != 3 {
				t.Errorf("got %+v a minute later, want one more that stands for three", list)
			}
		})
	}
}

// Nothing that was joined is lost when nothing more follows, nor when the process
// ends.
func TestRefusalsThatWereJoinedAreWrittenAtTheEnd(t *testing.T) {
	w := recoverytest.New(t)
	for range 4 {
		w.Engine.Refused(t.Context(), recovery.Event{Name: recovery.EventCrossSite, Network: "192.0.2.7"})
	}
	w.Engine.Refused(t.Context(), recovery.Event{Name: recovery.EventCrossSite, Network: "192.0.2.8"})
	over, cancel := context.WithCancel(t.Context())
	cancel()
	w.Engine.Remind(over)
	w.Engine.Remind(over)
	got := map[string]int{}
	for _, e := range w.Events.Of(recovery.EventCrossSite) {
		got[e.Network] += e.Count
	}
	if got["192.0.2.7"] != 4 || got["192.0.2.8"] != 1 || w.Events.Count(recovery.EventCrossSite) != 3 {
		t.Errorf("got %v in %d lines, want 4 and 1 in 3", got, w.Events.Count(recovery.EventCrossSite))
	}
}

// Many networks fill neither memory nor the log: beyond a bound they are joined.
func TestRefusalsOfManyNetworksAreBounded(t *testing.T) {
	w := recoverytest.New(t)
	for i := range 6000 {
		ctx := engine.By(t.Context(), engine.Actor{Network: fmt.Sprint("2001:db8:", i)})
		w.Engine.Refused(ctx, recovery.Event{Name: recovery.EventCrossSite})
	}
	if n := w.Events.Count(recovery.EventCrossSite); n > 4100 {
		t.Errorf("got %d lines, want those beyond some thousand networks joined", n)
	}
}

// What honest people do is refused nowhere, and so in no such line.
func TestRefusalsAreNotOfHonestPeople(t *testing.T) {
	w, alice, robin := recoverytest.New(t), recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	b := enter(t, w, w.Browser(), alice)
	b.Post("/.sparekey/people", recoverytest.Fields("name", "carol", "mail", "carol@example.org")).Want("invite")
	enter(t, w, w.Browser(), robin).Get("/album")
	w.LostPhone(w.Browser(), robin)
	closes(t, w, robin.Mail)
	for _, name := range []recovery.EventName{recovery.EventCrossSite, recovery.EventTicketFailed, recovery.EventForbidden, recovery.EventAdminRefused} {
		if list := w.Events.Of(name); len(list) != 0 {
			t.Errorf("got %+v, want none", list)
		}
	}
}
