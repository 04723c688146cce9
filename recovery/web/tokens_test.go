package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// Every kind of token at every place that takes one: it works where it belongs
// and nowhere else.
func TestA10_TokensWorkWhereTheyBelong(t *testing.T) {
	t.Parallel()
	recoverytest.Alone(t)
	uses := map[string]func(w *recoverytest.World, b *recoverytest.Browser, token string) bool{
		"mailed link": func(_ *recoverytest.World, b *recoverytest.Browser, token string) bool {
			b.Post("/.sparekey/", recoverytest.Fields("code", token))
			return b.Page() == "choice" || b.Page() == "new-password"
		},
		"activation": func(_ *recoverytest.World, b *recoverytest.Browser, token string) bool {
			return b.Post("/.sparekey/", recoverytest.Fields("start", "activate", "code", token)).Page() == "new-password"
		},
		"set-up": func(_ *recoverytest.World, b *recoverytest.Browser, token string) bool {
			b.Post("/.sparekey/", recoverytest.Fields("start", "setup", "code", token))
			return b.Status < 400
		},
		"stop": func(w *recoverytest.World, b *recoverytest.Browser, token string) bool {
			b.Post("/.sparekey/stop", recoverytest.Fields("code", token))
			return b.Status < 400
		},
		"vouching": func(w *recoverytest.World, _ *recoverytest.Browser, token string) bool {
			robin := w.Browser()
			w.SignIn(robin, &recoverytest.Person{Name: "robin", Password: bob().Password, Key: robinsKey}, "/")
			robin.Post("/.sparekey/", recoverytest.Fields("start", "approve_contact", "code", token))
			return robin.Page() == "factor"
		},
	}
	belongs := map[string][]string{
		"recovery": {"mailed link"}, "rescue": {"mailed link"}, "invitation": {"mailed link", "activation"}, "stop": {"stop"}, "appeal": {"vouching"},
		"in person": {"mailed link"},
	}
	for kind, places := range belongs {
		for place, use := range uses {
			t.Run(kind+" at "+place, func(t *testing.T) {
				w := recoverytest.New(t)
				b, token := tokenOf(t, w, kind)
				want := false
				for _, p := range places {
					want = want || p == place
				}
				if got := use(w, b, token); got != want {
					t.Errorf("got accepted %v, want %v: status %d, page %q", got, want, b.Status, b.Page())
				}
			})
		}
	}
}

var robinsKey string //nolint:gochecknoglobals // of the test above; its cases run one after the other

// tokenOf makes a token of a kind, and the browser it is bound to.
func tokenOf(t *testing.T, w *recoverytest.World, kind string) (*recoverytest.Browser, string) {
	t.Helper()
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	robinsKey = robin.Key
	b := w.Browser()
	switch kind {
	case "recovery":
		b.Get("/.sparekey/recover").Submit("name", "alice").Want("sent")
		return b, recoverytest.Link(t, w.Outbox.Last(t, alice.Mail, "recover-code"))
	case "rescue":
		token, err := w.Engine.RescueLink(t.Context(), "alice")
		if err != nil {
			t.Fatal(err)
		}
		return b, token
	case "invitation":
		_, token, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "newby"})
		if err != nil {
			t.Fatal(err)
		}
		return b, token
	case "in person":
		w.Policy.Ways[recovery.GoalPassword] = []recovery.Way{{Proofs: []string{recovery.AdminInPerson}}}
		w.Reload()
		admin := w.Browser()
		w.SignIn(admin, alice, "/")
		w.Clock.Move(time.Minute)
		admin.Post("/.sparekey/", recoverytest.Fields("start", "open_case", "name", "robin", "reason", "stood before me", "choice", "password"))
		admin.Want("factor").Submit("code", recoverytest.TOTP(w, alice.Key)).Want("confirm")
		token := strings.Join(admin.All("spoken"), "")
		admin.Submit("choice", "saved").Want("person")
		return b, token
	case "stop":
		w.LostPhone(w.Browser(), alice)
		_, token, _ := strings.Cut(w.Outbox.Last(t, alice.Mail, "notice").Vars["stop"], "#")
		return b, token
	}
	change(t, w, "alice", func(a *recovery.Account) {
		r, err := w.Engine.Find(t.Context(), "robin")
		if err != nil {
			t.Fatal(err)
		}
		a.TrustedContacts = []recovery.TrustedContact{{ID: r.ID, Name: "robin"}, {ID: r.ID, Name: "robin"}}
		a.Drop(recovery.RecoveryCode)
	})
	w.Ask(b, alice)
	b.Submit("choice", "both").Want("factor")
	return b, strings.Join(b.All("spoken"), "")
}
