package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// wantFirstSession wants one session that began with the account: fresh, for as
// long as the browser is open, in a known browser that is not trusted.
func wantFirstSession(t *testing.T, w *recoverytest.World, name string) {
	t.Helper()
	a := account(t, w, name)
	if len(a.Sessions) != 1 || len(a.Devices) != 1 || len(a.Owed) > 0 {
		t.Fatalf("got %d sessions, %d known browsers, %d notices owed, want one, one, none", len(a.Sessions), len(a.Devices), len(a.Owed))
	}
	s, d := a.Sessions[0], a.Devices[0]
	if s.Keep || s.Device != d.ID || s.End.After(s.Created.Add(w.Policy.Lifetimes.SessionAbsolute)) || !d.Remembered.IsZero() {
		t.Errorf("got %+v in %+v, want one that is not kept, in a browser that is known and not trusted", s, d)
	}
	if !w.Engine.FreshOwn(a, &s) {
		t.Error("the second factor was confirmed a moment ago and is asked for again")
	}
}

// Set-up ends where the person was going, signed in. The code that is still in
// the app is refused and alarms nobody.
func TestSetUpEndsSignedIn(t *testing.T) {
	t.Parallel()
	w, alice := recoverytest.New(t), recoverytest.Alice()
	code, err := w.Engine.OpenSetup(t.Context())
	b := w.Browser()
	b.Get("/album?id=7").Want("setup").Submit("code", must(t, code, err)).Want("setup")
	b.Submit("name", alice.Name, "mail", alice.Mail, "phone", alice.Phone, "new_password", alice.Password)
	w.Confirm(b, alice)
	used := w.Clock.Now()
	w.Enrol(b, alice)
	if b.Page() != "" || b.URL.RequestURI() != "/album?id=7" {
		t.Fatalf("got page %q at %s, want the app at the address that was asked for", b.Page(), b.URL)
	}
	wantFirstSession(t, w, "alice")
	b.Get("/.sparekey/people").Want("people")

	b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	at(w, used)
	b.Get("/.sparekey/login").Submit("name", alice.Name, "password", alice.Password).Want("factor").Submit("code", recoverytest.TOTP(w, alice.Key)).Want("factor")
	if !strings.Contains(b.Text(), "used already") {
		t.Errorf("got %q, want to read that the code was used", b.Text())
	}
	w.Clock.Move(time.Hour)
	pay(t, w)
	if got := w.Outbox.To("", "notice"); len(got) > 0 {
		t.Errorf("got %d notices, want none: first %v", len(got), got[0].Vars)
	}
}

// So does an activation, whatever was ticked in forms that are not its own.
func TestActivationEndsSignedIn(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	b, robin := w.Browser(), bob()
	w.InviteIn(b, robin)
	if b.Page() != "" || !w.SignedIn(b) {
		t.Fatalf("got page %q at %s, want the app", b.Page(), b.URL)
	}
	wantFirstSession(t, w, "robin")
	b.Get("/.sparekey/account/devices").Want("account-devices")
	if got := b.Text(); !strings.Contains(got, "password") || !strings.Contains(got, "authenticator") {
		t.Errorf("got %q, want to read how this browser signed in", got)
	}
	if w.SignedIn(w.Browser()) {
		t.Error("another browser is signed in too")
	}
}

// A new administrator who is in at once is told to all others, in the write
// that signs in: before there can be anything to hide it.
func TestAdministratorsHearOfAnActivation(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	robin := bob()
	_, token, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: robin.Name, Groups: []string{recovery.GroupAdmins}})
	b := begins(w, must(t, token, err)).Want("new-password").Submit("new_password", robin.Password)
	if n := len(notices(w, "", recovery.EventActivated)); n != 0 {
		t.Errorf("got %d notices before the end, want none", n)
	}
	w.Enrol(b, robin)
	if !w.SignedIn(b) {
		t.Error("not signed in")
	}
	for _, to := range []string{alice.Mail, alice.Phone} {
		got := notices(w, to, recovery.EventActivated)
		if len(got) != 1 || got[0].Vars["name"] != "robin" || got[0].Vars["stop"] != "" {
			t.Errorf("%s: got %d notices, want one that names robin and closes nothing", to, len(got))
		}
	}
	w.Invite(&recoverytest.Person{Name: "kim", Password: "horse and kim battery"})
	if n := len(notices(w, alice.Mail, recovery.EventActivated)); n != 1 {
		t.Errorf("got %d notices after somebody else, want no more", n)
	}
}

// An invitation that was voided while its pages are open signs nobody in, however
// far they are.
func TestAVoidedInvitationSignsNobodyIn(t *testing.T) {
	t.Parallel()
	w, admin, robin, token := invited(t, recoverytest.Alice())
	b := begins(w, token).Want("new-password").Submit("new_password", "staple battery horse").Want("confirm").Submit("choice", "skip").TakeApp()
	key := strings.ReplaceAll(strings.Join(b.All("secret"), ""), "-", "")
	b.Submit("code", recoverytest.TOTP(w, key)).Want("codes")
	admin.Post("/.sparekey/people/"+robin.ID, recoverytest.Fields("choice", "invite_again")).Want("invite")
	if b.Submit("choice", "saved"); b.Status != 422 || b.Cookie("sparekey") != nil || w.SignedIn(b) {
		t.Errorf("got status %d, page %q, a session %v, want a refusal", b.Status, b.Page(), b.Cookie("sparekey") != nil)
	}
	if a := account(t, w, "robin"); a.State != recovery.StateInvited || len(a.Sessions) > 0 || len(a.Credentials) > 0 {
		t.Errorf("got %s with %d sessions, want it as it was", a.State, len(a.Sessions))
	}
}
