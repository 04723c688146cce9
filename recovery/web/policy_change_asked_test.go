package web_test

import (
	"testing"

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
			r := newPolicyReload(t, askedAt(recovery.SecurityQuestion, recovery.KindRecover))
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
		{"added at the last page", nil, "password, totp, see new-password", "asks pin, new, asks pin, pin, see new-password, new, see account-sign-in", added},
		{
			"removed where it is asked",
			[]recoverytest.Option{askedAt(recovery.PIN, recovery.KindChangePassword)},
			"password, asks pin",
			"see factor, pin, see factor, totp, see new-password, new, see account-sign-in", noAsk,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newPolicyReload(t, tc.options...)
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
	r := newPolicyReload(t)
	r.w.Policy.FactorFor = []string{recovery.GroupAdmins}
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
