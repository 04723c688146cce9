package recovery_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// marked is alice with every address marked.
func marked(a *recovery.Account, as recovery.Answered) *recovery.Account {
	a = a.Clone()
	for i := range a.Addresses {
		a.Addresses[i].Answered = as
	}
	return a
}

// A wait is heard of where somebody has answered. Records of before count as
// heard: their owners would lose the way.
func TestAWaitIsNotHeardAtAnUnconfirmedNumber(t *testing.T) {
	policy := recovery.Default()
	policy.Ways[recovery.GoalSecondFactor] = []recovery.Way{{Proofs: []string{recovery.MailLink, recovery.Password}, Wait: recovery.MinWait}}
	for as, page := range map[recovery.Answered]string{
		recovery.AnsweredUnknown: recovery.PageWait, recovery.AnsweredYes: recovery.PageWait, recovery.AnsweredNo: recovery.PageRefused, "maybe": recovery.PageRefused,
	} {
		a := recoverytest.Account(recovery.Password, recovery.TOTP)
		a.Addresses[1].Answered = as // the number; the mailbox is a proof of the way
		got := recoverytest.Next(recovery.Facts{
			Flow:    &recovery.Flow{Kind: recovery.KindRecover, Goal: recovery.GoalSecondFactor, Proofs: shown("mail_link", "password")},
			Account: a, Policy: policy, Now: noon, Methods: method.All(method.Set{Has: everything}),
		})
		if got.Page != page {
			t.Errorf("%q: got page %q, want %q", as, got.Page, page)
		}
	}
}

// Nothing that is sent to an address proves it before a code came back from
// there, whatever the method.
func TestUnconfirmedAddressesMakeNoMethodReady(t *testing.T) {
	keys, err := secret.NewKeys(secret.NewRoot())
	if err != nil {
		t.Fatal(err)
	}
	full, methods := recoverytest.Account(recovery.Password), method.All(method.Set{Keys: keys, Has: everything})
	for _, name := range []string{recovery.MailLink, recovery.MailCode, recovery.SMSCode} {
		m := methods.Get(name)
		for as, want := range map[recovery.Answered]bool{recovery.AnsweredUnknown: true, recovery.AnsweredYes: true, recovery.AnsweredNo: false} {
			if got := m.Ready(marked(full, as), noon); got != want {
				t.Errorf("%s, answered %q: got ready %v, want %v", name, as, got, want)
			}
			c, msg, err := m.(recovery.Challenger).Challenge(recovery.Try{Account: marked(full, as), Flow: &recovery.Flow{ID: "f"}, Now: noon, Policy: recovery.Default()})
			if err != nil || (msg.To != "") != want || (c.To != "") != want {
				t.Errorf("%s, answered %q: got a message to %q (%v)", name, as, msg.To, err)
			}
		}
	}
}

// What has answered once has answered in every entry with that address: the one
// that is used until its successor counts, and the successor.
func TestConfirmMarksTheAddressEverywhere(t *testing.T) {
	a := &recovery.Account{}
	a.AddAddresses("a@example.org", "+41791234567")
	a.Addresses = append(a.Addresses, recovery.Address{Channel: recovery.ChannelMail, Value: "a@example.org", ValidFrom: noon.Add(time.Hour), Unproven: true})
	a.Confirm("")
	a.Confirm("no such entry")
	if a.Source(recovery.ChannelMail, noon).Value != "" {
		t.Fatal("confirmed by nothing")
	}
	a.Confirm(a.Addresses[0].Entry())
	if a.Addresses[0].Answered != recovery.AnsweredYes || a.Addresses[2].Answered != recovery.AnsweredYes || a.Addresses[1].Answered != recovery.AnsweredNo {
		t.Errorf("got %+v", a.Addresses)
	}
	if !a.Addresses[2].Closes() {
		t.Error("an address that has answered gets no closing link")
	}
}
