package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// invited makes a world in which alice has invited robin, and signs her in.
func invited(t *testing.T, alice *recoverytest.Person, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Browser, *recovery.Account, string) {
	t.Helper()
	w := recoverytest.New(t, options...)
	w.Setup(alice)
	robin, token, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "robin", Mail: "robin@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	admin := w.Browser()
	w.SignIn(admin, alice, "/")
	return w, admin, robin, token
}

// opens tells whether an invitation leads to the page where a password is chosen.
func opens(w *recoverytest.World, token string) bool {
	b := w.Browser()
	return b.Get("/.sparekey/link").Want("confirm").Submit("code", token).Page() == "new-password"
}

func TestANewInvitationVoidsTheOldOne(t *testing.T) {
	w, admin, robin, old := invited(t, recoverytest.Alice())
	begun := w.Browser()
	begun.Get("/.sparekey/link").Submit("code", old).Want("new-password")
	admin.Post("/.sparekey/people/"+robin.ID, recoverytest.Fields("choice", "invite_again")).Want("invite")
	if got := admin.Text(); !strings.Contains(got, "r•••@example.org") || !strings.Contains(got, "72 hours") {
		t.Errorf("got %q, want to read where it went and how long it lives", got)
	}
	begun.Submit("new_password", "staple battery horse")
	if begun.Page() == "enroll" || begun.Status != 422 {
		t.Errorf("what was begun with the old one goes on: got page %q, status %d", begun.Page(), begun.Status)
	}
	if opens(w, old) {
		t.Error("the old invitation still opens")
	}
	if !opens(w, recoverytest.Link(t, w.Outbox.Last(t, "robin@example.org", "invite"))) {
		t.Error("the new invitation does not open")
	}
}

func TestWithoutMailTheLinkIsShownOnce(t *testing.T) {
	w, admin, robin, _ := invited(t, recoverytest.Alice(), recoverytest.WithChannels())
	admin.Post("/.sparekey/people/"+robin.ID, recoverytest.Fields("choice", "invite_again")).Want("invite")
	link, token, ok := strings.Cut(strings.Join(admin.All("secret"), ""), "#")
	if !strings.Contains(link, "/.sparekey/activate?by=") {
		t.Errorf("got %q, want the page of invitations, and who made it", link)
	}
	if !ok || !opens(w, token) {
		t.Fatalf("got %q, want a link that opens", admin.All("secret"))
	}
	if admin.Get("/.sparekey/people/" + robin.ID); strings.Contains(admin.Body, token) {
		t.Error("the link is shown again")
	}
}

func TestWhoMayInviteAgain(t *testing.T) {
	alice := recoverytest.Alice()
	w, admin, robin, old := invited(t, alice)
	path, again := "/.sparekey/people/"+robin.ID, recoverytest.Fields("choice", "invite_again")
	w.Browser().Post(path, again).Want("not-saved")

	w.Clock.Move(11 * time.Minute)
	admin.Post(path, again).Want("factor") // the last strong proof is too old
	if !opens(w, old) {
		t.Error("the invitation is void although nobody was allowed to make a new one")
	}

	active := bob()
	active.Name, active.Mail, active.Phone = "eve", "eve@example.org", "+41791234599"
	w.Invite(active)
	eve, err := w.Engine.Find(t.Context(), "eve")
	if err != nil {
		t.Fatal(err)
	}
	b := w.Browser()
	w.SignIn(b, active, "/")
	if b.Post(path, again); b.Status != 404 {
		t.Errorf("somebody else: got status %d, want 404", b.Status)
	}
	other := w.Browser()
	w.SignIn(other, alice, "/")
	if other.Post("/.sparekey/people/"+eve.ID, again); other.Status != 404 || len(w.Outbox.To("eve@example.org", "invite")) != 0 {
		t.Errorf("an active account: got status %d and %d mails, want 404 and none", other.Status, len(w.Outbox.To("eve@example.org", "invite")))
	}
}

// Disabling somebody invited takes the invitation back; enabling does not give
// it again.
func TestAnInvitationCanBeWithdrawn(t *testing.T) {
	w, admin, robin, token := invited(t, recoverytest.Alice())
	path := "/.sparekey/people/" + robin.ID
	for _, do := range []string{"disable", "enable"} {
		admin.Post(path, recoverytest.Fields("choice", do, "reason", "wrong address")).Want("person")
		if opens(w, token) {
			t.Errorf("after %s the invitation opens", do)
		}
	}
	if got := admin.Get("/.sparekey/people").Text(); !strings.Contains(got, "Invitation expired") {
		t.Errorf("got %q, want to see that no invitation lives", got)
	}
	for _, m := range w.Outbox.To("robin@example.org", "notice") {
		if m.Vars["event"] == string(recovery.EventEnabled) {
			t.Error("told to sign in again without ever having been here")
		}
	}
	admin.Post(path, recoverytest.Fields("choice", "invite_again")).Want("invite")
	if !opens(w, recoverytest.Link(t, w.Outbox.Last(t, "robin@example.org", "invite"))) {
		t.Error("the new invitation does not open")
	}
}

// TestNobodyIsInvitedAsAGroup, and into no group that is called as a person is.
func TestNobodyIsInvitedAsAGroup(t *testing.T) {
	_, admin, _, _ := invited(t, recoverytest.Alice())
	admin.Post("/.sparekey/people", recoverytest.Fields("name", "carol", "groups", "family", "choice", "invite")).Want("invite")
	for _, tt := range []struct{ name, groups, want string }{
		{"Family", "", "name of a group"},
		{"dora", "family, Robin", "name of a person"},
		{"dora", "user:alice", "letters and digits"},
	} {
		admin.Post("/.sparekey/people", recoverytest.Fields("name", tt.name, "groups", tt.groups, "choice", "invite")).Want("people")
		if !strings.Contains(admin.Text(), tt.want) {
			t.Errorf("%s in %q: got %q, want %q", tt.name, tt.groups, admin.Text(), tt.want)
		}
	}
	admin.Post("/.sparekey/people", recoverytest.Fields("name", "dora", "groups", "family, friends", "choice", "invite")).Want("invite")
}

// TestWhoWasInvitedMayNameWhoInvited as somebody who vouches, by a tick that is not set,
// and of a link that an administrator has made.
func TestWhoWasInvitedMayNameWhoInvited(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		command, tick bool
	}{{"ticked", false, true}, {"not ticked", false, false}, {"by command, and a form of one's own", true, true}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, admin, robin, _ := invited(t, recoverytest.Alice(), recoverytest.WithChannels())
			path := "/.sparekey/activate"
			var token string
			if tt.command {
				var err error
				if token, err = w.Engine.Invite(byShell(t.Context()), robin); err != nil {
					t.Fatal(err)
				}
			} else {
				admin.Post("/.sparekey/people/"+robin.ID, recoverytest.Fields("choice", "invite_again")).Want("invite")
				path, token, _ = strings.Cut(strings.Join(admin.All("secret"), ""), "#")
				path = path[strings.Index(path, "/.sparekey/"):]
			}
			b := w.Browser()
			if got := b.Get(path).Want("activate"); got.Has("remember") == tt.command {
				t.Errorf("got the box %t", !tt.command)
			}
			fields := b.Hidden("code")
			fields.Set("code", token)
			if tt.tick {
				fields.Set("remember", "1")
			}
			p := bob()
			b.Post("/.sparekey/", fields).Want("new-password").Submit("new_password", p.Password)
			w.Enrol(b, p)
			var named []string
			for _, v := range account(t, w, "robin").TrustedContacts {
				named = append(named, v.ID)
			}
			if want := tt.tick && !tt.command; want != (len(named) == 1 && named[0] == account(t, w, "alice").ID) || !want && len(named) > 0 {
				t.Errorf("got %q", named)
			}
		})
	}
}
