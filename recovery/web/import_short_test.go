package web_test

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestImport_AShortPasswordSignsInOnceMore: a password that was brought along is taken
// as it is, and where it is shorter than the rule a longer one is asked for after the
// whole sign-in, until there is one.
func TestImport_AShortPasswordSignsInOnceMore(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name, password string
		factor         bool
		refused, next  string
	}{
		{"with a second factor", "p\u00e4ss 0", true, "sieben7", "elmyfish9"},
		{"without", "p\u00e4sswort 0", false, "elmyfish9 and", "elmyfish9 and five"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			w, _ := withFactor(t)
			hash, err := bcrypt.GenerateFromPassword([]byte(x.password), bcrypt.MinCost)
			if err != nil {
				t.Fatal(err)
			}
			users, authenticators := fmt.Sprintf("users:\n  user0:\n    password: '%s'\n    email: user0@example.org\n", hash), ""
			if !x.factor {
				w.Policy.FactorFor = []string{recovery.GroupAdmins}
			} else {
				_, authenticators = fileOf(t, 1)
			}
			bring(t, w, newcomers(t, w, "authelia", users, authenticators))
			passes := func(b *recoverytest.Browser, password string) *recoverytest.Browser {
				b.Get("/").Want("sign-in").Submit("name", "user0", "password", password).Want("factor")
				w.Clock.Move(time.Minute)
				if x.factor {
					return b.Submit("code", codeOf(t, 0, w.Clock.Now()))
				}
				return b.Submit("code", w.Outbox.Last(t, "user0@example.org", "mail-code").Vars["code"])
			}
			passes(w.Browser(), x.password).Want("new-password") // and leaves
			w.Engine.Later(t.Context())
			b := passes(w.Browser(), x.password).Want("new-password")
			if w.SignedIn(b) {
				t.Error("signed in before there is a longer one")
			}
			b = passes(w.Browser(), x.password).Want("new-password")
			b.Submit("new_password", x.refused).Want("new-password")
			b.Submit("new_password", x.next)
			if !w.SignedIn(b) || !toldOf(w, "user0@example.org", recovery.EventPasswordChanged) {
				t.Errorf("got page %q, want to be signed in, and told", b.Page())
			}
			w.Browser().Get("/").Submit("name", "user0", "password", x.password).Want("sign-in")
			w.Clock.Move(2 * time.Hour) // there are no more than three codes in an hour
			if b = passes(w.Browser(), x.next); !w.SignedIn(b) {
				t.Errorf("got page %q, want the new one to be enough", b.Page())
			}
		})
	}
}

// TestImport_AShortPasswordChangesNothingWhereOneFactorIsEnough: who has the password
// alone, in a network that asks for no more, replaces it no more than elsewhere.
func TestImport_AShortPasswordChangesNothingWhereOneFactorIsEnough(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	hash, err := bcrypt.GenerateFromPassword([]byte("päss 0"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	_, authenticators := fileOf(t, 1)
	bring(t, h.World, newcomers(t, h.World, "authelia", fmt.Sprintf("users:\n  user0:\n    password: '%s'\n    email: user0@example.org\n", hash), authenticators))
	before := account(t, h.World, "user0").Credential(recovery.Password)
	b := h.Browser()
	b.Get("/").Want("sign-in").Submit("name", "user0", "password", "päss 0")
	if !h.SignedIn(b) {
		t.Fatalf("got page %q, want to be signed in with one factor", b.Page())
	}
	h.Engine.Later(t.Context())
	after := account(t, h.World, "user0")
	if c := after.Credential(recovery.Password); c.Version != before.Version || string(c.Data) != string(before.Data) || !after.Sessions[0].Near {
		t.Error("want nothing of the account changed beside its session of one factor")
	}
	h.move(elsewhere)
	whole := h.Browser()
	whole.Get("/").Want("sign-in").Submit("name", "user0", "password", "päss 0").Want("factor")
	whole.Submit("code", codeOf(t, 0, h.Clock.Now())).Want("new-password")
}
