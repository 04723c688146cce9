package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// What was mailed before a reload is judged by the policy after it.
func TestLinksMailedBeforeAReload(t *testing.T) {
	open := func(r *policyReload, token string) *recoverytest.Browser {
		return r.b.Get("/.sparekey/link").Want("confirm").Submit("code", token)
	}
	t.Run("a recovery link", func(t *testing.T) {
		r := newPolicyReload(t)
		r.do("ask")
		link := recoverytest.Link(t, r.sent(r.alice.Mail, "recover-code"))
		r.reload(both0(recovery.GoalSecondFactor), nil)
		open(r, link).Want("choice")
		r.all("hides choice=second_factor, choose password, totp, new, see sign-in")
	})
	t.Run("a recovery link that begins nothing now", func(t *testing.T) {
		r := newPolicyReload(t)
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
		r := newPolicyReload(t)
		_, token, err := r.w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "dora", Mail: "dora@example.org"})
		if err != nil {
			t.Fatal(err)
		}
		r.reload(func(p *recovery.Policy) {
			p.Ways = nil
			p.Lifetimes.Invite = time.Hour
		}, []string{})
		open(r, token).Want("new-password")
		r.all("new, scan, see codes")
		if r.b.Submit("choice", "saved"); r.b.Status != 200 || r.b.Page() != "" {
			t.Errorf("got status %d, page %q, want to be signed in", r.b.Status, r.b.Page())
		}
	})
	t.Run("an invitation that is too old now", func(t *testing.T) {
		r := newPolicyReload(t)
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
	inst := newInstallation(t, accountShape{factor: true, phone: true}, nil)
	token := inst.openCase()
	r := &policyReload{t: t, w: inst.world, b: inst.world.Browser().Get("/"), alice: inst.owner, first: inst.account()}
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
	other := inst.world.Browser()
	other.Get("/.sparekey/link").Submit("code", token).Want("confirm")
}
