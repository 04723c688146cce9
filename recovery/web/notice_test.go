package web_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// happening is something that happened and whom it is told to beside the account's
// own mailbox, number and the operator's channels.
type happening struct {
	event recovery.EventName
	name  string
	do    func(t *testing.T, w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person)
	also  []string
}

func recoverBoth(_ *testing.T, w *recoverytest.World, _ *recoverytest.Browser, p *recoverytest.Person) {
	b := w.Browser()
	w.Ask(b, p)
	b.Want("choice").Submit("choice", "both").Want("factor").Submit("code", p.Codes[0]).Want("new-password").Submit("new_password", "another horse battery")
	w.Enrol(b, p)
}

// events are done by alice, signed in on a browser that is known.
func events() []happening {
	signedIn := func(kind recovery.Kind, rest func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person)) func(*testing.T, *recoverytest.World, *recoverytest.Browser, *recoverytest.Person) {
		return func(_ *testing.T, w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
			rest(w, begin(w, b, p, kind), p)
		}
	}
	recovered := func(lost string) func(*testing.T, *recoverytest.World, *recoverytest.Browser, *recoverytest.Person) {
		return func(t *testing.T, w *recoverytest.World, _ *recoverytest.Browser, p *recoverytest.Person) {
			t.Helper()
			recoveries()[lost](t, w, p)
		}
	}
	mail, phone := readdressings()[0], readdressings()[1]
	return []happening{
		{recovery.EventPasswordReset, "", recovered("password"), nil},
		{recovery.EventFactorReset, "", recovered("second factor"), nil},
		{recovery.EventBothReset, "", recoverBoth, nil},
		{recovery.EventCodeUsed, "", recoverBoth, nil},
		{recovery.EventFactorAdded, "", signedIn(recovery.KindAddFactor, func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
			w.Enrol(b, p)
		}), nil},
		{recovery.EventCodesRenewed, "", signedIn(recovery.KindNewCodes, func(_ *recoverytest.World, b *recoverytest.Browser, _ *recoverytest.Person) {
			b.Want("codes").Submit("choice", "saved").Want("account-recovery")
		}), nil},
		{recovery.EventContactChanged, "the mail address", func(_ *testing.T, w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
			mail.do(w, b, p)
		}, []string{mail.new}},
		{recovery.EventContactChanged, "the number", func(_ *testing.T, w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
			phone.do(w, b, p)
		}, []string{phone.new}},
		{recovery.EventNewDevice, "", func(t *testing.T, w *recoverytest.World, _ *recoverytest.Browser, p *recoverytest.Person) {
			t.Helper()
			enter(t, w, w.Browser(), p)
		}, nil},
		{recovery.EventTrustedContactAdded, "", addRobin, nil},
		{recovery.EventTrustedContactDropped, "", func(t *testing.T, w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
			t.Helper()
			addRobin(t, w, b, p)
			b.Get("/.sparekey/account/recovery").Submit("choice", "drop:robin").Want("account-recovery")
		}, nil},
		{recovery.EventPINChanged, "", signedIn(recovery.KindSetPIN, func(_ *recoverytest.World, b *recoverytest.Browser, _ *recoverytest.Person) {
			b.Want("new-password").Submit("pin", "395172").Want("account-sign-in")
		}), nil},
		{recovery.EventQuestionChanged, "", signedIn(recovery.KindSetQuestion, func(_ *recoverytest.World, b *recoverytest.Browser, _ *recoverytest.Person) {
			b.Want("new-password").Submit("answer", "Bello", "choice", "first_pet").Want("account-sign-in")
		}), nil},
		{recovery.EventWaitStarted, "", func(_ *testing.T, w *recoverytest.World, _ *recoverytest.Browser, p *recoverytest.Person) {
			waits()[0].beginWait(w, p)
		}, nil},
		{recovery.EventWaitStopped, "", func(_ *testing.T, w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
			waits()[0].beginWait(w, p)
			b.Get("/.sparekey/account").Submit("choice", "stop_wait").Want("account")
		}, nil},
	}
}

func addRobin(_ *testing.T, w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
	w.TB.Helper()
	w.Invite(bob())
	begin(w, b, p, recovery.KindAddContact).Want("confirm").Submit("name", "robin").Want("account-recovery")
}

func TestRule_NoticesGoToAllChannels(t *testing.T) {
	t.Parallel()
	all := recoverytest.WithChannels(recovery.ChannelMail, recovery.ChannelSMS, recovery.ChannelPush, recovery.ChannelHook)
	for _, kind := range accounts() {
		for _, x := range events() {
			if kind.name == "password only" && slices.Contains([]recovery.EventName{
				recovery.EventFactorReset, recovery.EventBothReset, recovery.EventCodeUsed, recovery.EventWaitStarted, recovery.EventWaitStopped,
			}, x.event) {
				continue // no such way for who has no second factor
			}
			t.Run(strings.TrimSpace(kind.name+", "+string(x.event)+" "+x.name), func(t *testing.T) {
				w, alice := kind.made(t, all, recoverytest.WithPolicy(func(p *recovery.Policy) {
					p.Ask = map[string][]recovery.Kind{recovery.PIN: {recovery.KindChangePassword}, recovery.SecurityQuestion: {recovery.KindRecover}}
				}))
				b := enter(t, w, w.Browser(), alice)
				x.do(t, w, b, alice)
				want := append([]string{"mail " + alice.Mail, "sms " + alice.Phone, "push alice", "webhook alice"}, channels(x.also)...)
				if x.event == recovery.EventPINChanged || x.event == recovery.EventQuestionChanged {
					want = slices.DeleteFunc(want, func(who string) bool { return strings.HasPrefix(who, "sms ") })
				}
				got := notices(w, "", x.event)
				for _, who := range want {
					i := slices.IndexFunc(got, func(m recovery.Message) bool { return m.Channel+" "+m.To == who })
					if i < 0 {
						t.Errorf("%s is not told", who)
						continue
					}
					person := got[i].Channel == recovery.ChannelMail || got[i].Channel == recovery.ChannelSMS
					if has, want := got[i].Vars["stop"] != "", person && x.event.Closes(); has != want {
						t.Errorf("%s: got a \"this wasn't me\" link %v, want %v", who, has, want)
					}
				}
				if len(got) != len(want) {
					t.Errorf("got %d notices, want %d, one each", len(got), len(want))
				}
				if !x.event.Closes() {
					return
				}
				pressStop(w, notices(w, alice.Mail, x.event)[0])
				if a := account(t, w, "alice"); a.State != recovery.StateFrozen || w.SignedIn(b) {
					t.Errorf("the link: got %s, signed in %v, want frozen and nobody in", a.State, w.SignedIn(b))
				}
				if n := len(notices(w, alice.Phone, recovery.EventFrozen)); n != 1 {
					t.Errorf("closed: the number got %d notices, want 1", n)
				}
			})
		}
	}
}

// channels writes addresses the way rows name them.
func channels(addresses []string) []string {
	var out []string
	for _, a := range addresses {
		if strings.Contains(a, "@") {
			out = append(out, "mail "+a)
		} else {
			out = append(out, "sms "+a)
		}
	}
	return out
}
