package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// trusting signs in on a browser and ticks not to be asked for a code there.
func trusting(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) *recoverytest.Browser {
	w.TB.Helper()
	b.Get("/.sparekey/login").Submit("name", p.Name, "password", p.Password).Want("factor").Submit("code", secondCode(w, p), "remember", "1")
	if !w.SignedIn(b) {
		w.TB.Fatalf("got page %q, want to be signed in", b.Page())
	}
	return b
}

// passwordOnly signs out and in again with the password, and returns the page
// that is then shown; empty: the app.
func passwordOnly(b *recoverytest.Browser, p *recoverytest.Person) string {
	b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	return b.Get("/.sparekey/login").Submit("name", p.Name, "password", p.Password).Page()
}

// distrust is the value of the button for the only trusted browser.
func distrust(t *testing.T, w *recoverytest.World, name string) string {
	t.Helper()
	for _, d := range account(t, w, name).Devices {
		if !d.Remembered.IsZero() {
			return "distrust:" + d.ID
		}
	}
	t.Fatal("no browser is trusted")
	return ""
}

// TestTrustIsShownAndTakenBack: whoever copied the cookie of a trusted browser has
// to show the second factor once its owner presses the button, on any browser and
// without a proof. Other browsers, and the session on that one, are as before.
func TestTrustIsShownAndTakenBack(t *testing.T) {
	w, alice := recoverytest.New(t), recoverytest.Alice()
	w.Setup(alice)
	change(t, w, "alice", func(a *recovery.Account) { a.Sessions = nil })
	seat, other := trusting(w, w.Browser(), alice), w.Browser()
	enter(t, w, other, alice)
	w.Clock.Move(time.Hour) // nothing is fresh
	page := other.Get("/.sparekey/account/devices").Want("account-devices").Text()
	button := distrust(t, w, "alice")
	if n := strings.Count(page, "Not asked for a code until"); n != 1 || !strings.Contains(page, "Browsers you’ve used") || !other.Offers("choice", button) {
		t.Errorf("got %d trusted browsers, want one and a button for it:\n%s", n, page)
	}
	other.Post("/.sparekey/account/devices", recoverytest.Fields("choice", button)).Want("account-devices")
	if page := other.Text(); strings.Contains(page, "Not asked for a code until") || !strings.Contains(page, "That browser is asked for a code again") {
		t.Errorf("got %s, want no trusted browser and word of it", page)
	}
	if !w.SignedIn(seat) || !w.SignedIn(other) {
		t.Error("got a session ended, want all as they were")
	}
	if e := w.Events.Last(recovery.EventTrustEnded); e.Actor != "alice" || e.Network == "" && !w.Running() {
		t.Errorf("got event %+v, want who took it back", e)
	}
	if got := passwordOnly(seat, alice); got != "factor" {
		t.Errorf("got page %q, want the second factor", got)
	}
	told := len(w.Outbox.All())
	other.Post("/.sparekey/account/devices", recoverytest.Fields("choice", button)).Want("account-devices") // pressed twice
	other.Post("/.sparekey/account/devices", recoverytest.Fields("choice", "distrust:nobody's")).Want("account-devices")
	if got := w.Events.Count(recovery.EventTrustEnded); got != 1 || len(w.Outbox.All()) != told {
		t.Errorf("got %d events, want one and no message", got)
	}
}

// TestTrustOfOthersIsNotMine: the button ends trust in one's own account only.
func TestTrustOfOthersIsNotMine(t *testing.T) {
	w, alice, robin := recoverytest.New(t), recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	seat, thief := trusting(w, w.Browser(), alice), w.Browser()
	enter(t, w, thief, robin)
	thief.Post("/.sparekey/account/devices", recoverytest.Fields("choice", distrust(t, w, "alice")))
	w.Browser().Post("/.sparekey/account/devices", recoverytest.Fields("choice", distrust(t, w, "alice")))
	if got := passwordOnly(seat, alice); got != "" {
		t.Errorf("got page %q, want the app: the browser is trusted still", got)
	}
}

// TestTrustIsInTheNotice: who grants trust in a new browser makes its owner read
// of that, and nobody else's notices say so.
func TestTrustIsInTheNotice(t *testing.T) {
	w, alice := recoverytest.New(t), recoverytest.Alice()
	w.Setup(alice)
	enter(t, w, w.Browser(), alice) // her first is no news
	enter(t, w, w.Browser(), alice)
	trusting(w, w.Browser(), alice)
	var got []string
	for _, m := range notices(w, alice.Mail, recovery.EventNewDevice) {
		got = append(got, m.Vars["trusted"])
	}
	if want := []string{"", "yes"}; !slices.Equal(got, want) {
		t.Errorf("got %q in the notices of the two new browsers, want %q", got, want)
	}
}

// TestTrustIsNamedInSessionAndLog: a sign-in by trust says so, in the log, the
// session and on the account page; every other one names what was shown.
func TestTrustIsNamedInSessionAndLog(t *testing.T) {
	w, alice := recoverytest.New(t), recoverytest.Alice()
	w.Setup(alice)
	seat := trusting(w, w.Browser(), alice)
	login := func() string { return w.Events.Last(recovery.EventLogin).Method }
	if got := login(); got != "password totp" {
		t.Errorf("got method %q, want the two that were shown", got)
	}
	if got := passwordOnly(seat, alice); got != "" {
		t.Fatalf("got page %q, want the app", got)
	}
	if got := login(); got != "password trusted_browser" {
		t.Errorf("got method %q, want what stood in for the second factor", got)
	}
	sessions := account(t, w, "alice").Sessions
	if got := recovery.MethodLine(sessions[len(sessions)-1].Proofs); got != "password trusted_browser" {
		t.Errorf("got %q in the session", got)
	}
	if page := seat.Get("/.sparekey/account/devices").Text(); !strings.Contains(page, "Signed in with your password, a trusted browser") {
		t.Errorf("got %s, want how it was signed in", page)
	}
	// No proof of anything: a change asks for one.
	seat.Post("/.sparekey/", recoverytest.Fields("start", "new_codes")).Want("factor")
}

// TestTrustOff: with "lifetime remembered off" nobody is offered trust or given it,
// and trust of before is void, also when the policy is as before again.
func TestTrustOff(t *testing.T) {
	w, alice := recoverytest.New(t), recoverytest.Alice()
	w.Setup(alice)
	seat := trusting(w, w.Browser(), alice)
	before := w.Policy.Lifetimes.Remembered
	w.Policy.Lifetimes.Remembered = 0
	w.Reload()
	if page := seat.Get("/.sparekey/account/devices").Text(); strings.Contains(page, "Not asked for a code until") {
		t.Errorf("got %s, want no trusted browser", page)
	}
	if got := passwordOnly(seat, alice); got != "factor" || seat.Has("remember") {
		t.Fatalf("got page %q, offer of trust: %v, want the second factor and none", got, seat.Has("remember"))
	}
	seat.Submit("code", secondCode(w, alice), "remember", "1")
	if !w.SignedIn(seat) {
		t.Fatalf("got page %q, want to be signed in", seat.Page())
	}
	w.Policy.Lifetimes.Remembered = before
	w.Reload()
	if got := passwordOnly(seat, alice); got != "factor" || !seat.Has("remember") {
		t.Errorf("got page %q, offer of trust: %v, want the second factor and the offer", got, seat.Has("remember"))
	}
}
