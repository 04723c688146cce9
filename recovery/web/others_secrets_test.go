package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestA52_AdministratorsGetNoSecretOfOthers: whatever an administrator asks for or
// posts about somebody, no answer holds what that person signs in with, and nothing
// of it becomes what the administrator says.
func TestA52_AdministratorsGetNoSecretOfOthers(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	id := account(t, w, "robin").ID
	b := signIn(w, w.Browser(), alice)
	const evil = "the administrators own choice"
	secrets := append([]string{robin.Key, robin.Password, robin.Mail, robin.Phone}, robin.Codes...)
	looks := func(what string) {
		t.Helper()
		for _, secret := range secrets {
			if strings.Contains(b.Body, secret) || strings.Contains(b.Answer.Get("Location"), secret) {
				t.Errorf("%s: the answer holds %q", what, secret)
			}
		}
		for _, m := range w.Outbox.All() {
			if _, token, found := strings.Cut(m.Vars["link"], "#"); found && m.To == robin.Mail && strings.Contains(b.Body, token) {
				t.Errorf("%s: the answer holds the link that was sent to robin", what)
			}
		}
	}
	for _, path := range []string{"people", "people/" + id, "people/activity", "account/export?name=robin"} {
		b.Get("/.sparekey/" + path)
		looks(path)
	}
	more := []string{"name", "robin", "password", evil, "new_password", evil, "code", "000000", "pin", "1234", "reason", "because of this", "mail", "mallory@example.net"}
	for _, choice := range []string{"password", "second_factor", "both", "open_case", "reset", "show", "unlock", "invite", "enable"} {
		b.Post("/.sparekey/people/"+id, recoverytest.Fields(append([]string{"choice", choice}, more...)...))
		looks("choice " + choice)
		if b.Status == http.StatusBadRequest {
			t.Errorf("choice %s: the form was not even read", choice)
		}
	}
	for _, r := range recovery.Recipes() {
		b.Post("/.sparekey/", recoverytest.Fields(append([]string{"start", string(r.Kind)}, more...)...))
		looks("start " + string(r.Kind))
		w.Clock.Move(time.Minute)
	}
	if a := account(t, w, "robin"); a.Address(recovery.ChannelMail, w.Clock.Now()) != robin.Mail {
		t.Error("an administrator has replaced the address of somebody")
	}
	w.SignIn(w.Browser(), robin, "/")
	w.Clock.Move(time.Minute)
	if got := w.Browser().Get("/").Submit("name", "robin", "password", evil); got.Page() != "sign-in" {
		t.Errorf("the administrator's password: got page %q, want the sign-in again", got.Page())
	}
}

// TestA53_NobodyGivesThemselvesMore: fields that no page has make nobody an
// administrator or member of a group, and what members may not do is on record.
func TestA53_NobodyGivesThemselvesMore(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	id := account(t, w, "robin").ID
	more := []string{"groups", recovery.GroupAdmins, "name", "robin", "reason", "because of this"}
	robins := signIn(w, w.Browser(), robin)
	was, refused := account(t, w, "robin"), w.Events.Count(recovery.EventAdminRefused)
	for _, path := range []string{"people", "people/" + id, "people/" + account(t, w, "alice").ID} {
		for _, choice := range []string{"", "groups", "enable", "disable", "unlock"} {
			if robins.Post("/.sparekey/"+path, recoverytest.Fields(append([]string{"choice", choice}, more...)...)); robins.Status != http.StatusNotFound {
				t.Errorf("%s %s: got status %d, want 404", path, choice, robins.Status)
			}
		}
	}
	if got := w.Events.Count(recovery.EventAdminRefused) - refused; got == 0 { // a line stands for those of a minute
		t.Error("got no refusal on record")
	}
	for _, field := range []string{"role", "admin", "is_admin", "state", "id", "verified"} {
		if robins.Post("/.sparekey/account", recoverytest.Fields(append([]string{field, "1"}, more...)...)); robins.Status != http.StatusBadRequest {
			t.Errorf("%s: got status %d, want 400: no form has such a field", field, robins.Status)
		}
	}
	admins := signIn(w, w.Browser(), alice)
	for _, b := range []*recoverytest.Browser{robins, admins} {
		b.Post("/.sparekey/account", recoverytest.Fields(more...))
		for _, r := range recovery.Recipes() {
			b.Post("/.sparekey/", recoverytest.Fields(append([]string{"start", string(r.Kind)}, more...)...))
			w.Clock.Move(time.Minute)
		}
	}
	own := account(t, w, "alice").ID
	for _, choice := range []string{"disable", "groups", "unlock", "second_factor"} {
		admins.Post("/.sparekey/people/"+own, recoverytest.Fields(append([]string{"choice", choice}, more...)...))
	}
	if a := account(t, w, "robin"); len(a.Groups) != len(was.Groups) || a.Admin() || a.State != was.State {
		t.Errorf("got groups %q and state %s, want %q and %s", a.Groups, a.State, was.Groups, was.State)
	}
	if a := account(t, w, "alice"); !a.Admin() || a.State != recovery.StateActive || a.Credential(recovery.TOTP) == nil {
		t.Errorf("the administrator has become %+v", a.Groups)
	}
}
