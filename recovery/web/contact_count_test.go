package web_test

import (
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestOnePersonOrTwoIsAChoice: where two people are enough for a way, and one with
// a text message for another, both are offered, and what is chosen is asked.
func TestOnePersonOrTwoIsAChoice(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) {
		p.Ways[recovery.GoalBoth] = []recovery.Way{
			{Proofs: []string{"mail_link", "contact*2"}},
			{Proofs: []string{"mail_link", "contact", "sms_code"}},
		}
	}))
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	helper := w.Browser()
	w.SignIn(helper, robin, "/")
	change(t, w, "alice", func(a *recovery.Account) {
		a.TrustedContacts = []recovery.TrustedContact{{ID: account(t, w, robin.Name).ID, Name: robin.Name}, {ID: "somebody else", Name: "carol"}}
	})
	b := w.Browser()
	w.Ask(b, alice)
	b.Want("choice").Submit("choice", "both").Want("factor")
	if !strings.Contains(b.Text(), "2 people still have to vouch") {
		t.Fatalf("got %q, want two people asked first, as the first way says", b.Text())
	}
	b.Submit("method", "contact*2").Want("factor") // a new code, and still two people
	if !strings.Contains(b.Text(), "2 people still have to vouch") {
		t.Fatalf("a new code: got %q", b.Text())
	}
	another(b).Submit("method", "contact").Want("factor")
	spoken := strings.Join(b.All("spoken"), "")
	helper.Get("/.sparekey/account/approve").Submit("code", spoken)
	strongly(w, helper, robin).Want("confirm").Submit("choice", "approve").Want("account")
	fields := b.Hidden("")
	fields.Set("code", "check")
	b.Post("/.sparekey/", fields).Want("factor")
	if b.Submit("code", w.SMSCode(alice)).Page() != "enroll" && b.Page() != "new-password" {
		t.Errorf("one person and the text message: got page %s, want the way to its end\n%s", b.Page(), b.Text())
	}
}
