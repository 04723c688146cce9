package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestOwnPagesLeadBackToThemselves: each page of one's own account comes back to
// itself after a sign-in, marks itself in the menu, and says of a post with nothing
// in it what is missing.
func TestOwnPagesLeadBackToThemselves(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	for path, page := range ownPages() {
		b := w.Browser()
		b.Get("/.sparekey/account" + path).Want("sign-in")
		b.Submit("name", alice.Name, "password", alice.Password).Want("factor")
		strongly(w, b, alice).Want(page)
		if mark := `href="/.sparekey/account` + path + `" aria-current="page"`; !strings.Contains(b.Body, mark) {
			t.Errorf("%s: got no %s in the menu", path, mark)
		}
		if b.Post("/.sparekey/account"+path, recoverytest.Fields("choice", "")); b.Page() != page || b.Status != 422 {
			t.Errorf("%s, posted empty: got page %q, status %d, want %q and 422", path, b.Page(), b.Status, page)
		}
	}
}

// ownPages are the pages of one's own account, by what their address ends with.
func ownPages() map[string]string {
	return map[string]string{
		"": "account", "/sign-in": "account-sign-in", "/devices": "account-devices", "/recovery": "account-recovery", "/contact": "account-contact",
	}
}

// TestKnownBrowsersAreNamedAndForgotten, after a proof that is not older than ten
// minutes: a name is shown as text, and who is forgotten is signed out there and
// asked as an unknown browser.
func TestKnownBrowsersAreNamedAndForgotten(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	change(t, w, "alice", func(a *recovery.Account) { a.Sessions, a.Devices = nil, nil })
	lost, b := enter(t, w, w.Browser(), alice), w.Browser()
	enter(t, w, b, alice)
	old := account(t, w, "alice").Devices[0].ID
	w.Clock.Move(11 * time.Minute)
	b.Post("/.sparekey/account/devices", recoverytest.Fields("choice", "forget:"+old)).Want("factor")
	strongly(w, b, alice).Want("account-devices")
	b.Post("/.sparekey/account/devices", recoverytest.Fields("choice", "rename:"+old, "label", "<b>old\u202e phone</b>")).Want("account-devices")
	if !strings.Contains(b.Text(), "<b>old phone</b>") || !strings.Contains(b.Text(), "The new name is there") {
		t.Errorf("got %s, want the name as text", b.Text())
	}
	robin := bob()
	w.Invite(robin)
	enter(t, w, w.Browser(), robin).Post("/.sparekey/account/devices", recoverytest.Fields("choice", "forget:"+old))
	if !w.SignedIn(lost) {
		t.Fatal("somebody else forgot it, want only its owner to")
	}
	b.Post("/.sparekey/account/devices", recoverytest.Fields("choice", "forget:"+old)).Want("account-devices")
	if w.SignedIn(lost) || !w.SignedIn(b) || len(account(t, w, "alice").Devices) != 1 {
		t.Errorf("forgotten: signed in there %v, here %v", w.SignedIn(lost), w.SignedIn(b))
	}
	if w.Events.Count(recovery.EventBrowserForgotten) != 1 || w.Events.Count(recovery.EventBrowserRenamed) != 1 {
		t.Error("want an event of each change, and none of what changed nothing")
	}
}
