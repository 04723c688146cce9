package web_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func TestRule_HalfSignedInEnrolsOnlyWithoutFactor(t *testing.T) {
	kinds := []recovery.Kind{
		recovery.KindAddFactor, recovery.KindNewCodes, recovery.KindSetPIN, recovery.KindSetQuestion, recovery.KindChangeMail,
		recovery.KindAddContact, recovery.KindActivate, recovery.KindSetup,
	}
	for _, kind := range accounts() {
		t.Run(kind.name, func(t *testing.T) {
			w, alice := kind.made(t)
			b := w.Browser()
			b.Get("/").Submit("name", alice.Name, "password", alice.Password).Want("factor")
			flow := b.Hidden("code").Get("flow")
			before := account(t, w, "alice")
			for _, k := range kinds {
				b.Post("/.sparekey/", recoverytest.Fields("start", string(k), "name", "alice", "password", alice.Password))
				if b.Status < 400 && b.Page() != "sign-in" {
					t.Errorf("%s: got page %q, status %d, want to be sent away", k, b.Page(), b.Status)
				}
				b.Post("/.sparekey/", recoverytest.Fields("flow", flow, "start", string(k), "choice", "saved", "method", "totp", "new_password", "some other sentence"))
				if b.Page() == "enroll" || b.Page() == "codes" || b.Page() == "new-password" {
					t.Errorf("%s in the half-finished login: got page %q", k, b.Page())
				}
			}
			if after := account(t, w, "alice"); len(after.Credentials) != len(before.Credentials) || after.Generation != before.Generation {
				t.Errorf("the account changed: %d credentials, were %d", len(after.Credentials), len(before.Credentials))
			}
			// Signed in fully, both may.
			begin(w, enter(t, w, w.Browser(), alice), alice, recovery.KindAddFactor).TakeApp()
		})
	}
}

func TestA11_SomebodyElsesNameChangesNothing(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	b := w.Browser()
	b.Header.Set("Remote-User", "alice")
	b.Get("/.sparekey/recover?name=alice&user=alice").Submit("name", robin.Name).Want("sent")
	b.Submit("code", w.MailCode(robin), "name", "alice").Want("choice")
	b.Submit("choice", "second_factor", "name", "alice", "mail", alice.Mail).Want("factor")
	b.Submit("password", robin.Password, "name", "alice").Want("factor")
	b.Submit("code", w.SMSCode(robin), "name", "alice", "phone", "+41790000000").TakeApp()
	w.Enrol(b, robin)
	w.SignIn(w.Browser(), robin, "/")
	w.SignIn(w.Browser(), alice, "/")
	for _, field := range []string{"user", "uid", "email", "id"} {
		hidden := w.Browser().Get("/.sparekey/recover").Hidden("name")
		hidden.Set("name", robin.Name)
		hidden.Set(field, "alice")
		if b := w.Browser().Post("/.sparekey/", hidden); b.Status != 400 {
			t.Errorf("unknown field %s: got status %d, want 400", field, b.Status)
		}
	}
}

func TestA39_StepsCannotBeReorderedOrSkipped(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	b := w.Browser()
	w.Ask(b, alice)
	b.Submit("choice", "second_factor").Want("factor")
	flow := b.Hidden("password").Get("flow")
	at := func(page string) {
		t.Helper()
		b.Get("/.sparekey/?f=" + flow).Want(page)
	}
	for _, fields := range []url.Values{
		recoverytest.Fields("flow", flow, "code", "123456"),
		recoverytest.Fields("flow", flow, "method", "sms_code"),
		recoverytest.Fields("flow", flow, "method", "sms_code", "code", "123456"),
		recoverytest.Fields("flow", flow, "method", "totp"),
		recoverytest.Fields("flow", flow, "choice", "saved"),
		recoverytest.Fields("flow", flow, "choice", "both"),
		recoverytest.Fields("flow", flow, "new_password", "another horse battery"),
	} {
		b.Post("/.sparekey/", fields)
		at("factor")
		if !b.Has("password") {
			t.Fatalf("%v moved the flow on", fields)
		}
	}
	if n := len(w.Outbox.To(alice.Phone, "sms-code")); n != 0 {
		t.Errorf("got %d SMS before the password, want none", n)
	}
	other := w.Browser()
	w.Ask(other, robin)
	other.Post("/.sparekey/", recoverytest.Fields("flow", flow, "password", alice.Password))
	if other.Status != 422 {
		t.Errorf("another flow's cookie: got status %d, want 422", other.Status)
	}
	at("factor")
	b.Submit("password", alice.Password).Want("factor")
	b.Post("/.sparekey/", recoverytest.Fields("flow", flow, "password", alice.Password))
	at("factor")
	b.Post("/.sparekey/", recoverytest.Fields("flow", flow, "choice", "saved"))
	at("factor")
	if b.Has("password") {
		t.Error("the password proof was lost by sending it twice")
	}
}

func TestA45_HalfSignedInOpensNothing(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	hits := w.Hits()
	b := w.Browser()
	b.Get("/").Submit("name", "alice", "password", alice.Password).Want("factor")
	flow := b.Hidden("code").Get("flow")
	for _, path := range append(guessed(), "/", "/.sparekey/", "/.sparekey/account", "/.sparekey/account/factors", "/.sparekey/people", "/.sparekey/setup", "/.sparekey/enter") {
		b.Get(path)
		if b.Status == 200 && b.Page() != "sign-in" && b.Page() != "recover" && b.Page() != "confirm" && b.Page() != "activate" {
			t.Errorf("%s: got page %q with status 200", path, b.Page())
		}
	}
	for _, start := range []string{"change_password", "add_factor", "new_codes", "setup", "activate", "export", "make_key"} {
		b.Post("/.sparekey/", recoverytest.Fields("start", start))
		if b.Status < 400 {
			t.Errorf("start=%s: got status %d, page %q", start, b.Status, b.Page())
		}
		b.Post("/.sparekey/", recoverytest.Fields("start", start, "flow", flow))
		if p := b.Page(); p == "enroll" || p == "codes" || strings.HasPrefix(p, "account") {
			t.Errorf("start=%s in the flow: got page %q", start, p)
		}
	}
	if w.Hits() != hits {
		t.Errorf("got %d requests at the app, want none", w.Hits()-hits)
	}
}

func guessed() []string {
	var out []string
	for i, word := range strings.Fields("admin api user users me profile enroll enrol codes factor totp mfa 2fa skip bypass debug metrics session token reset new-password choice choose activate invite") {
		out = append(out, "/.sparekey/"+word, fmt.Sprintf("/.sparekey/%s/%d", word, i), "/.sparekey//"+word, "/"+word, "/.sparekey/login/../"+word)
	}
	return out
}

func TestA46_MissingFactorsDenyAndAlarm(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	change(t, w, "alice", func(a *recovery.Account) { a.Drop(recovery.TOTP, recovery.RecoveryCode) })
	b := w.Browser()
	b.Get("/").Submit("name", "alice", "password", alice.Password)
	if w.SignedIn(b) {
		t.Fatal("signed in without the second factor")
	}
	if p := b.Page(); p == "enroll" || p == "codes" {
		t.Errorf("got page %q: free enrolment", p)
	}
	if w.Events.Count(recovery.EventAlarm) == 0 {
		t.Error("no alarm")
	}
}
