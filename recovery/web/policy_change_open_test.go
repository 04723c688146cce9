package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func askedAt(method string, kind recovery.Kind) recoverytest.Option {
	return recoverytest.WithPolicy(func(p *recovery.Policy) { p.Ask = map[string][]recovery.Kind{method: {kind}} })
}

func noAsk(p *recovery.Policy) { p.Ask = nil }

func TestAQuestionThatIsNoLongerAskedStrandsNobody(t *testing.T) {
	for _, tc := range []struct{ name, after string }{
		{"its page is loaded again", "see choice, choose password, totp, new, see sign-in"},
		{"its form is sent", "answer, see choice, choose password, totp, new, see sign-in"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newReloading(t, askedAt(recovery.SecurityQuestion, recovery.KindRecover))
			r.all("ask, mail, asks answer")
			r.reload(noAsk, nil)
			r.all(tc.after)
			if !r.taken() {
				t.Error("the password was not replaced")
			}
		})
	}
}

func TestAPINAskedOrNotFromNowOnStrandsNobody(t *testing.T) {
	added := func(p *recovery.Policy) { p.Ask[recovery.PIN] = []recovery.Kind{recovery.KindChangePassword} }
	for _, tc := range []struct {
		name          string
		options       []recoverytest.Option
		before, after string
		edit          func(*recovery.Policy)
	}{
		{"added at the last page", nil, "password, totp, see new-password", "asks pin, new, asks pin, pin, see new-password, new, see account", added},
		{
			"removed where it is asked",
			[]recoverytest.Option{askedAt(recovery.PIN, recovery.KindChangePassword)},
			"password, asks pin",
			"see factor, pin, see factor, totp, see new-password, new, see account", noAsk,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newReloading(t, tc.options...)
			r.w.SignIn(r.b, r.alice, "/")
			r.b.Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor")
			r.all(tc.before)
			r.reload(tc.edit, nil)
			r.all(tc.after)
			if !r.taken() {
				t.Error("the password was not replaced")
			}
		})
	}
}

// An account without a second factor has typed its password and waits for a
// code from the mailbox; then there is no mail any more. The policy now lets
// such accounts in, and the page must not end there.
func TestNoMailAnyMoreWhileSigningIn(t *testing.T) {
	r := newReloading(t)
	change(t, r.w, "alice", func(a *recovery.Account) {
		a.Drop(recovery.TOTP)
		a.SecondFactor = false
	})
	r.b.Get("/album").Submit("name", "alice", "password", r.alice.Password).Want("factor")
	r.reload(nil, []string{recovery.ChannelSMS})
	r.all("see confirm, again, see confirm")
	r.b.Post("/.sparekey/", r.b.Hidden(""))
	if !r.n.SignedIn(r.b) {
		t.Errorf("not signed in: got page %q\n%s", r.b.Page(), r.b.Text())
	}
}

// What was mailed before a reload is judged by the policy after it.
func TestLinksMailedBeforeAReload(t *testing.T) {
	open := func(r *reloading, token string) *recoverytest.Browser {
		return r.b.Get("/.sparekey/link").Want("confirm").Submit("code", token)
	}
	t.Run("a recovery link", func(t *testing.T) {
		r := newReloading(t)
		r.do("ask")
		link := recoverytest.Link(t, r.sent(r.alice.Mail, "recover-code"))
		r.reload(both0(recovery.GoalSecondFactor), nil)
		open(r, link).Want("choice")
		r.all("hides choice=second_factor, choose password, totp, new, see sign-in")
	})
	t.Run("a recovery link that begins nothing now", func(t *testing.T) {
		r := newReloading(t)
		r.do("ask")
		link := recoverytest.Link(t, r.sent(r.alice.Mail, "recover-code"))
		r.reload(func(p *recovery.Policy) {
			p.Ways = map[recovery.Goal][]recovery.Way{recovery.GoalPassword: {{Proofs: []string{recovery.RecoveryCode, recovery.Factor}}}}
		}, nil)
		open(r, link).Want("factor")
		r.clear()
		r.all("paper, see factor, totp, new, see sign-in")
	})
	t.Run("an invitation", func(t *testing.T) {
		r := newReloading(t)
		_, token, err := r.w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "dora", Mail: "dora@example.org"})
		if err != nil {
			t.Fatal(err)
		}
		r.reload(func(p *recovery.Policy) {
			p.Ways = nil
			p.Lifetimes.Invite = time.Hour
		}, []string{})
		open(r, token).Want("new-password")
		r.all("new, scan, see codes, choose saved, see sign-in")
	})
	t.Run("an invitation that is too old now", func(t *testing.T) {
		r := newReloading(t)
		_, token, err := r.w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "dora", Mail: "dora@example.org"})
		if err != nil {
			t.Fatal(err)
		}
		r.do("pass 2h")
		r.reload(func(p *recovery.Policy) { p.Lifetimes.Invite = time.Hour }, nil)
		open(r, token).Want("confirm")
		r.clear()
	})
}

// An administrator's case is mailed, and then no way takes it: a clear page,
// and the same link works in the same browser when the operator puts the ways
// back.
func TestACaseOutlivesAPolicyThatDoesNotKnowIt(t *testing.T) {
	h := newHouse(t, accountShape{factor: true, phone: true}, nil)
	token := h.openCase()
	r := &reloading{t: t, w: h.w, b: h.w.Browser().Get("/"), alice: h.alice, first: h.account()}
	before := r.w
	r.reload(func(p *recovery.Policy) {
		for g := range p.Ways {
			without(g, recovery.Admin, recovery.Factor)(p)
			without(g, recovery.Password, recovery.Admin)(p)
			without(g, recovery.Admin, recovery.MailLink)(p)
			without(g, recovery.RecoveryCode, recovery.MailLink)(p)
			without(g, recovery.Password, recovery.RecoveryCode)(p)
			without(g, recovery.MailLink, recovery.Factor)(p)
			without(g, recovery.MailLink, recovery.Password)(p)
			without(g, recovery.MailLink, recovery.Password, recovery.SMSCode)(p)
		}
	}, nil)
	r.b.Get("/.sparekey/link").Submit("code", token).Want("refused")
	r.clear()
	r.n = before
	r.over()
	r.b.Get("/.sparekey/link").Submit("code", token).Want("choice").Submit("choice", "password").Want("factor")
	other := h.w.Browser()
	other.Get("/.sparekey/link").Submit("code", token).Want("confirm")
}
