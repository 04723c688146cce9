package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// buttons lists the buttons of a page by value, in their order.
func buttons(b *recoverytest.Browser) []string {
	var out []string
	for _, part := range strings.Split(b.Body, "<button")[1:] {
		if _, after, ok := strings.Cut(part, `value="`); ok && strings.Index(part, "value=") < strings.Index(part, ">") {
			value, _, _ := strings.Cut(after, `"`)
			out = append(out, value)
			continue
		}
		out = append(out, "")
	}
	return out
}

// A link that was pressed says for as long as the account is closed that it is,
// and how it opens; it does nothing more. Another link of that notice ends what
// was begun since. Once the account is open, neither is worth anything.
func TestTheLockLinkPressedTwice(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	enter(t, w, w.Browser(), alice)
	enter(t, w, w.Browser(), alice)
	mail, text := notices(w, alice.Mail, recovery.EventNewDevice)[0].Vars["stop"], notices(w, alice.Phone, recovery.EventNewDevice)[0].Vars["stop"]
	pressAt(w, mail)
	before := account(t, w, "alice")
	b := w.Browser()
	_, token, _ := strings.Cut(mail, "#")
	for range 2 {
		b.Follow(mail).Want("stop")
		if !strings.Contains(b.Text(), "locked already") || !strings.Contains(b.Body, "/.sparekey/recover") || len(buttons(b)) > 0 {
			t.Errorf("got %q with %q, want to read that it is locked, and how it opens", b.Text(), buttons(b))
		}
		for _, choice := range []string{"", "lock", "only"} {
			b.Post("/.sparekey/stop", recoverytest.Fields("code", token, "choice", choice)).Want("stop")
		}
	}
	if after := account(t, w, "alice"); after.Revision != before.Revision || len(notices(w, alice.Mail, recovery.EventFrozen)) != 1 {
		t.Errorf("got revision %d after %d, %d notices, want nothing changed", after.Revision, before.Revision, len(notices(w, alice.Mail, recovery.EventFrozen)))
	}
	b.Follow(text).Want("stop")
	if !strings.Contains(b.Text(), "It was locked before") || len(buttons(b)) != 1 {
		t.Errorf("the link to the number: got %q with %q, want what is left to stop", b.Text(), buttons(b))
	}
	b.Post("/.sparekey/stop", b.Hidden("")).Want("stop")
	if account(t, w, "alice").Generation == before.Generation {
		t.Error("what was begun since did not end")
	}
	change(t, w, "alice", func(a *recovery.Account) { a.State, a.Opened = recovery.StateActive, a.Generation })
	for _, link := range []string{mail, text} {
		if !dead(t, w, link) {
			t.Error("a link of before opens something in the account that is open again")
		}
	}
}

// A wait has changed nothing yet: its link offers to stop it first, and to lock
// the account second. What may have let somebody in offers it the other way round.
func TestTheLinkOfAWaitStopsItFirst(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	enter(t, w, w.Browser(), alice)
	enter(t, w, w.Browser(), alice)
	waits()[0].beginWait(w, alice)
	b := w.Browser()
	b.Follow(notices(w, alice.Mail, recovery.EventWaitStarted)[0].Vars["stop"]).Want("stop")
	if got := strings.Join(buttons(b), " "); got != "only lock" {
		t.Errorf("got buttons %q, want to stop it and then to lock", got)
	}
	b.Post("/.sparekey/stop", recoverytest.Fields("code", b.Hidden("").Get("code"), "choice", "only")).Want("sign-in")
	if a := account(t, w, "alice"); a.State != recovery.StateActive || len(a.Waits) > 0 {
		t.Errorf("got %s with %d waits, want it open without any", a.State, len(a.Waits))
	}
	b.Follow(notices(w, alice.Mail, recovery.EventNewDevice)[0].Vars["stop"]).Want("stop")
	if got := strings.Join(buttons(b), " "); got != " only" {
		t.Errorf("a new browser: got buttons %q, want to lock and then to stop it", got)
	}
}

// wantUnwritten wants that something writes nothing into the account, whose owed
// notices have been handed over: that is written by the server, in its own time.
func wantUnwritten(t *testing.T, w *recoverytest.World, do func()) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); len(account(t, w, "alice").Owed) > 0 && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	before := account(t, w, "alice").Revision
	if do(); account(t, w, "alice").Revision != before {
		t.Error("the account was written once more")
	}
}
