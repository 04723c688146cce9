package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestMF14_WhoMustHaveASecondFactorLosesThatGroupsSites and nothing else, until it
// is there: what one may by another group, or by one's own name, one goes on with.
func TestMF14_WhoMustHaveASecondFactorLosesThatGroupsSites(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		must, groups []string
		allow        []string
		passes       bool
	}{
		{"everybody must", nil, []string{"family"}, nil, false},
		{"everybody must, named", nil, []string{"family"}, []string{"user:alice"}, false},
		{"staff must, a site for all", []string{"staff"}, []string{"staff"}, nil, true},
		{"staff must, a site of the staff", []string{"staff"}, []string{"staff"}, []string{"staff"}, false},
		{"staff must, a site of the family", []string{"staff"}, []string{"family"}, []string{"family"}, true},
		{"staff must, a site of both", []string{"staff"}, []string{"staff", "family"}, []string{"staff", "family"}, true},
		{"staff must, named", []string{"staff"}, []string{"staff"}, []string{"staff", "user:alice"}, true},
		{"staff must, an administrator at a site of administrators", []string{"staff"}, []string{"admins"}, []string{"admins"}, false},
		{"staff must, an administrator at a site for all", []string{"staff"}, []string{"admins"}, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, alice := withoutFactor(t)
			w.Policy.FactorFor, w.Rules.Allow = tt.must, tt.allow
			change(t, w, "alice", func(a *recovery.Account) { a.Groups = tt.groups })
			b := w.Browser()
			b.Get("/").Want("sign-in").Submit("name", "alice", "password", alice.Password).Want("factor")
			b.Submit("code", w.Outbox.Last(t, alice.Mail, "mail-code").Vars["code"])
			if got := b.Status == http.StatusOK; got != tt.passes {
				t.Fatalf("got status %d, want it let through: %v\n%s", b.Status, tt.passes, b.Text())
			}
			if tt.passes {
				return
			}
			b.Want("forbidden")
			if !strings.Contains(b.Body, "#factors") {
				t.Error("no button to make one")
			}
			b.Post("/.sparekey/", recoverytest.Fields("start", "add_factor")).Want("factor").Submit("password", alice.Password)
			w.Enrol(b, alice)
			if b.Get("/"); b.Status != http.StatusOK {
				t.Errorf("with a second factor: got status %d, want 200", b.Status)
			}
		})
	}
}

// TestMF14_NothingToShowIsLedNowhereElse: an account that must have a second factor
// and can show nothing beside its password sees the page that says so.
func TestMF14_NothingToShowIsLedNowhereElse(t *testing.T) {
	t.Parallel()
	w, alice := withoutFactor(t)
	change(t, w, "alice", func(a *recovery.Account) {
		a.Drop(recovery.RecoveryCode)
		a.Addresses = nil
	})
	w.Policy.FactorFor = nil
	b := w.Browser()
	b.Get("/").Want("sign-in").Submit("name", "alice", "password", alice.Password).Want("forbidden")
	b.Post("/.sparekey/", recoverytest.Fields("start", "add_factor")).Want("factor").Submit("password", alice.Password).Want("refused")
	if !strings.Contains(b.Text(), "one thing more than your password") {
		t.Errorf("got %s", b.Text())
	}
	if w.SignedIn(b) {
		t.Error("a request reached the app")
	}
}
