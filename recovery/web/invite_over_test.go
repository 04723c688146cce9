package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// overs opens a link and returns the page's own words, or where else it led.
func overs(w *recoverytest.World, token string) (page, text string) {
	b := w.Browser()
	b.Get("/.sparekey/activate").Want("activate").Submit("code", token)
	return b.Page(), b.Text()
}

// TestALinkSaysHowItHasEnded in three different pages, to whoever has it, for
// 30 days.
func TestALinkSaysHowItHasEnded(t *testing.T) {
	t.Parallel()
	w, admin, robin, replaced := invited(t, recoverytest.Alice())
	person := bob()
	person.Phone = ""
	path := "/.sparekey/people/" + robin.ID
	admin.Post(path, recoverytest.Fields("choice", "invite_link")).Want("invite")
	_, withdrawn, _ := strings.Cut(strings.Join(admin.All("secret"), ""), "#")
	if len(w.Outbox.To(person.Mail, "invite")) != 0 {
		t.Error("a link to hand over was mailed")
	}
	admin.Post(path, recoverytest.Fields("choice", "withdraw", "reason", "wrong person")).Want("person")
	if admin.Post(path, recoverytest.Fields("choice", "withdraw", "reason", "wrong person")); admin.Status != 409 {
		t.Errorf("withdrawn twice: got status %d", admin.Status)
	}
	late, err := w.Engine.Invite(t.Context(), account(t, w, "robin"))
	if err != nil {
		t.Fatal(err)
	}
	want := func(when, token, title string) {
		t.Helper()
		page, text := overs(w, token)
		if title == "" {
			if page == "invite-over" {
				t.Errorf("%s: got %q, want no word of an invitation", when, text)
			}
			return
		}
		if page != "invite-over" || !strings.Contains(text, title) || strings.Contains(text, "robin") {
			t.Errorf("%s: got page %q, %q, want %q and nobody's name", when, page, text, title)
		}
	}
	want("a newer one was made", replaced, "was withdrawn")
	want("withdrawn", withdrawn, "was withdrawn")
	want("a link that never was", secret.Token(32), "")
	w.Clock.Move(73 * time.Hour)
	want("too old", late, "is too old")

	used, err := w.Engine.Invite(t.Context(), account(t, w, "robin"))
	if err != nil {
		t.Fatal(err)
	}
	b := w.Browser()
	b.Get("/.sparekey/activate").Submit("code", used).Want("new-password").Submit("new_password", person.Password)
	w.Confirm(b, person)
	w.Enrol(b, person)
	want("used", used, "has been used")
	want("too old, and a later one used", late, "is too old")
	want("withdrawn, and a later one used", withdrawn, "was withdrawn")
	w.Clock.Move(29 * 24 * time.Hour)
	want("used, for 29 days", used, "has been used")
	w.Clock.Move(2 * 24 * time.Hour)
	want("used, for 31 days", used, "")
}

// TestAnInvitationThatEndsInSilence is told by what the account is: disabled, removed
// or given another address, with or without the record that tells of it.
func TestAnInvitationThatEndsInSilence(t *testing.T) {
	t.Parallel()
	w, admin, _, _ := invited(t, recoverytest.Alice())
	for _, do := range []string{"disable", "remove", "correct_mail"} {
		name := "guest-" + strings.ReplaceAll(do, "_", "-")
		who, token, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: name, Mail: name + "@example.org"})
		if err != nil {
			t.Fatal(err)
		}
		admin.Post("/.sparekey/people/"+who.ID, recoverytest.Fields("choice", do, "reason", "wrong person", "mail", "new-"+name+"@example.org")).Want("person")
		if page, text := overs(w, token); page != "invite-over" || !strings.Contains(text, "was withdrawn") {
			t.Errorf("%s: got page %q, %q", do, page, text)
		}
	}
	_, token, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "dora"})
	if err != nil {
		t.Fatal(err)
	}
	change(t, w, "dora", func(a *recovery.Account) { a.State = recovery.StateActive }) // a crash before the record was written
	if page, text := overs(w, token); page != "invite-over" || !strings.Contains(text, "has been used") {
		t.Errorf("active, and the record open: got page %q, %q", page, text)
	}
}
