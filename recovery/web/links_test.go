package web_test

import (
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// opened is a link as somebody gets it, and what its page says.
type opened struct {
	name  string
	link  func(t *testing.T) (*recoverytest.World, string) // of the page, with the secret
	page  string
	says  []string
	leads string // the page that its button leads to
}

func linksOpened() []opened {
	aCase := func(t *testing.T) (*recoverytest.World, string) {
		t.Helper()
		o := newAdminWorld(t)
		o.ask("password").Submit("code", recoverytest.TOTP(o.World, o.alice.Key)).Want("person")
		return o.World, o.Outbox.Last(t, o.robin.Mail, "admin-case").Vars["link"]
	}
	return []opened{
		{"an invitation that was mailed", func(t *testing.T) (*recoverytest.World, string) {
			t.Helper()
			w, admin, robin, _ := invited(t, recoverytest.Alice())
			admin.Post("/.sparekey/people/"+robin.ID, recoverytest.Fields("choice", "invite_again")).Want("invite")
			m := w.Outbox.Last(t, "robin@example.org", "invite")
			if m.Vars["admin"] != "alice" {
				t.Errorf("the mail: got %q, want who has invited", m.Vars["admin"])
			}
			return w, m.Vars["link"]
		}, "activate", []string{"You’re invited to Photos", "alice invited you."}, "new-password"},
		{"an invitation that was shown", func(t *testing.T) (*recoverytest.World, string) {
			t.Helper()
			w, admin, robin, _ := invited(t, recoverytest.Alice(), recoverytest.WithChannels())
			admin.Post("/.sparekey/people/"+robin.ID, recoverytest.Fields("choice", "invite_again")).Want("invite")
			return w, strings.Join(admin.All("secret"), "")
		}, "activate", []string{"You’re invited to Photos", "alice invited you."}, "new-password"},
		{"a case", aCase, "confirm", []string{"Get back into Photos", "alice started a recovery"}, "choice"},
	}
}

// A link leads to a page of its own that says what it is about and who has made
// it, with one button: its field is hidden once the script has filled it.
func TestLinksLeadToTheirOwnPage(t *testing.T) {
	t.Parallel()
	for _, x := range linksOpened() {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			w, link := x.link(t)
			address, secret, _ := strings.Cut(link, "#")
			b := w.Browser()
			b.Get(address).Want(x.page)
			for _, says := range x.says {
				if !strings.Contains(b.Text(), says) {
					t.Errorf("got %q, want %q", b.Text(), says)
				}
			}
			if !strings.Contains(b.Body, `<div class="field" data-unfilled>`) || strings.Contains(b.Text(), "You opened a link") {
				t.Errorf("got %q, want a field that is hidden once filled, and no other words", b.Text())
			}
			if b.Submit("code", secret).Want(x.leads); b.Page() == "new-password" && (strings.Contains(b.Text(), "old one") || !strings.Contains(b.Text(), "Choose your password")) {
				t.Errorf("got %q, want nothing of an old password", b.Text())
			}
		})
	}
}

// Nobody puts a name on our pages by a link.
func TestALinkNamesOnlyWhoHasMadeIt(t *testing.T) {
	t.Parallel()
	w, _ := withFactor(t)
	for _, by := range []string{"alice", "Sam+the+Great", w.Keys.SignCookie("sparekey-flow", []byte("Sam"))} {
		b := w.Browser()
		if b.Get("/.sparekey/activate?by=" + by).Want("activate"); strings.Contains(b.Text(), "invited you.") {
			t.Errorf("%s: got %q", by, b.Text())
		}
		if b.Get("/.sparekey/case?by=" + by).Want("confirm"); !strings.Contains(b.Text(), "An administrator started") {
			t.Errorf("%s: got %q", by, b.Text())
		}
	}
}

// An invitation that is over is told on its page; one of the command line names
// nobody, and a rescue leads to a page that says what it does.
func TestLinksOfTheOperator(t *testing.T) {
	t.Parallel()
	w, _ := withFactor(t)
	_, token, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "robin"})
	link := w.Engine.InviteLink(t.Context(), must(t, token, err))
	b := w.Browser()
	if b.Get("/.sparekey/" + link).Want("activate"); strings.Contains(b.Text(), "invited you.") || strings.Contains(link, "?") {
		t.Errorf("got %q at %s, want nobody named", b.Text(), link)
	}
	w.Clock.Move(w.Policy.Lifetimes.Invite)
	if b.Submit("code", token).Want("invite-over"); b.Status != 410 {
		t.Errorf("too late: got status %d", b.Status)
	}
	if b.Get("/.sparekey/rescue").Want("confirm"); !strings.Contains(b.Text(), "everything old ends") {
		t.Errorf("got %q, want what a rescue does", b.Text())
	}
}
