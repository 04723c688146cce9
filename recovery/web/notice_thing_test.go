package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// named is what an act does, and what the mail about it names.
type named struct {
	name  string
	event recovery.EventName
	do    func(t *testing.T, w *recoverytest.World, b *recoverytest.Browser, alice *recoverytest.Person)
	vars  map[string]string
}

func thingsNamed() []named {
	mail, phone := readdressings()[0], readdressings()[1]
	return []named{
		{"another mail address", recovery.EventContactChanged, func(_ *testing.T, w *recoverytest.World, b *recoverytest.Browser, alice *recoverytest.Person) {
			mail.do(w, b, alice)
		}, map[string]string{"variant": "mail", "old": recovery.Mask(mail.old), "new": recovery.Mask(mail.new)}},
		{"another number", recovery.EventContactChanged, func(_ *testing.T, w *recoverytest.World, b *recoverytest.Browser, alice *recoverytest.Person) {
			phone.do(w, b, alice)
		}, map[string]string{"variant": "phone", "old": recovery.Mask(phone.old), "new": recovery.Mask(phone.new)}},
		{"the first number", recovery.EventContactChanged, func(t *testing.T, w *recoverytest.World, b *recoverytest.Browser, alice *recoverytest.Person) {
			t.Helper()
			change(t, w, "alice", func(a *recovery.Account) { a.Addresses = a.Addresses[:1] })
			phone.do(w, b, alice)
		}, map[string]string{"variant": "new_phone", "old": "", "new": recovery.Mask(phone.new)}},
		{"another authenticator", recovery.EventFactorAdded, func(_ *testing.T, w *recoverytest.World, b *recoverytest.Browser, alice *recoverytest.Person) {
			w.Enrol(begin(w, b, alice, recovery.KindAddFactor), alice)
		}, map[string]string{"variant": "replaced", "method": recovery.TOTP}},
		{"somebody who may vouch", recovery.EventTrustedContactAdded, addRobin, map[string]string{"person": "robin"}},
		{"a wait", recovery.EventWaitStarted, func(_ *testing.T, w *recoverytest.World, _ *recoverytest.Browser, alice *recoverytest.Person) {
			waits()[0].beginWait(w, alice)
		}, map[string]string{"goal": string(recovery.GoalSecondFactor)}},
	}
}

// A mail names what it is about: the address masked, old and new, the factor, who
// may vouch, what somebody waits for and until when. A number and the operator's
// channels learn of no address and no name.
func TestNoticesNameTheThing(t *testing.T) {
	t.Parallel()
	for _, x := range thingsNamed() {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			w, alice := withFactor(t, recoverytest.WithChannels(recovery.ChannelMail, recovery.ChannelSMS, recovery.ChannelPush, recovery.ChannelHook))
			b := enter(t, w, w.Browser(), alice)
			x.do(t, w, b, alice)
			for _, m := range notices(w, "", x.event) {
				for name, want := range x.vars {
					if private := name == "old" || name == "new" || name == "person"; private && m.Channel != recovery.ChannelMail {
						want = ""
					}
					if m.Vars[name] != want {
						t.Errorf("%s: got %s %q, want %q", m.Channel, name, m.Vars[name], want)
					}
				}
				if until, err := time.Parse(time.RFC3339, m.Vars["until"]); x.event == recovery.EventWaitStarted && (err != nil || !until.After(w.Clock.Now())) {
					t.Errorf("%s: got until %q, want when it opens", m.Channel, m.Vars["until"])
				}
				if m.Vars["host"] == "" || !strings.HasSuffix(m.Vars["time"], "Z") {
					t.Errorf("%s: got place %q, time %q, want both, with a zone", m.Channel, m.Vars["host"], m.Vars["time"])
				}
			}
		})
	}
}

// One act is one message on each channel, whatever it did; a code that was used
// is told beside the rest, with the link of what may have let somebody in.
func TestOneActIsOneMessage(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := enter(t, w, w.Browser(), alice)
	before := len(w.Outbox.To("", "notice"))
	recoverBoth(t, w, b, alice)
	got := w.Outbox.To("", "notice")[before:]
	if len(got) != 2 {
		t.Fatalf("got %d messages, want one to the mailbox and one to the number", len(got))
	}
	for _, m := range got {
		if m.Vars["event"] != string(recovery.EventBothReset) || m.Vars["also"] != string(recovery.EventCodeUsed) || m.Vars["stop"] == "" {
			t.Errorf("%s: got %v, want both in one, with its link", m.Channel, m.Vars)
		}
	}
}

// Several of one event within a minute are one text message; a mail is sent of
// each.
func TestSeveralWithinAMinuteAreOneText(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := enter(t, w, w.Browser(), alice)
	for range 3 {
		begin(w, b, alice, recovery.KindNewCodes).Want("codes").Submit("choice", "saved").Want("account-recovery")
		w.Clock.Move(-30 * time.Second) // that the code took
		alice.Key = again(t, w, alice)
	}
	if n := len(notices(w, alice.Mail, recovery.EventCodesRenewed)); n != 3 {
		t.Errorf("got %d mails, want 3", n)
	}
	if n := len(notices(w, alice.Phone, recovery.EventCodesRenewed)); n != 1 {
		t.Errorf("got %d texts within a minute, want 1", n)
	}
	w.Clock.Move(11 * time.Minute) // by then any process sends it
	pay(t, w)
	pay(t, w)
	if got := notices(w, alice.Phone, recovery.EventCodesRenewed); len(got) != 2 || got[1].Vars["again"] == "" {
		t.Errorf("got %d texts a minute later, want one more that stands for several", len(got))
	}
}

// again forgets which codes of the authenticator were used.
func again(t *testing.T, w *recoverytest.World, p *recoverytest.Person) string {
	t.Helper()
	change(t, w, p.Name, func(a *recovery.Account) {
		c := a.Credential(recovery.TOTP)
		c.Data = []byte(`{"secret":"` + p.Key + `"}`)
	})
	return p.Key
}
