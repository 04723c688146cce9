package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// readdressed is a change of a mail address or number.
type readdressed struct {
	name     string
	kind     recovery.Kind
	field    string
	old, new string
}

func readdressings() []readdressed {
	return []readdressed{
		{"mail", recovery.KindChangeMail, "mail", recoverytest.Alice().Mail, "alice@elsewhere.example"},
		{"number", recovery.KindChangePhone, "phone", recoverytest.Alice().Phone, "+41765550100"},
	}
}

// do walks the change to its end.
func (x readdressed) do(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) time.Time {
	w.TB.Helper()
	begin(w, b, p, x.kind).Want("confirm").Submit(x.field, x.new).Want("confirm")
	b.Submit("code", w.Outbox.Last(w.TB, x.new, "contact-code").Vars["code"]).Want("account-contact")
	return w.Clock.Now()
}

// asks is where a recovery sends its code for this channel now.
func (x readdressed) asks(w *recoverytest.World, p *recoverytest.Person) string {
	w.TB.Helper()
	b, template := w.Browser(), "recover-code"
	b.Get("/.sparekey/recover").Submit("name", p.Name).Want("sent")
	if x.kind == recovery.KindChangePhone {
		template = "sms-code"
		mails := w.Outbox.To("", "recover-code")
		b.Submit("code", mails[len(mails)-1].Vars["code"]).Submit("choice", "second_factor").Submit("password", p.Password).Want("factor")
	}
	sent := w.Outbox.To("", template)
	if len(sent) == 0 {
		return ""
	}
	return sent[len(sent)-1].To
}

func TestRule_NewContactsDoNotCountFor72Hours(t *testing.T) {
	for _, kind := range accounts() {
		for _, x := range readdressings() {
			if kind.name == "password only" && x.name == "number" {
				continue // no way of such an account asks for a number
			}
			for _, tc := range []struct {
				name  string
				after time.Duration
				want  string
			}{
				{"at once", 0, x.old},
				{"just before", 72*time.Hour - time.Second, x.old},
				{"after 72 hours", 72 * time.Hour, x.new},
			} {
				t.Run(kind.name+", "+x.name+", "+tc.name, func(t *testing.T) {
					w, alice := kind.made(t)
					since := x.do(w, enter(t, w, w.Browser(), alice), alice)
					at(w, since.Add(tc.after))
					if got := x.asks(w, alice); got != tc.want {
						t.Errorf("a recovery asks at %s, want %s", got, tc.want)
					}
					told := func(to string) int { return len(notices(w, to, recovery.EventUnlocked)) }
					admin := &recovery.Account{ID: "somebody else", State: recovery.StateActive, SecondFactor: true, Groups: []string{recovery.GroupAdmins}}
					if err := w.Engine.Manage(t.Context(), admin, account(t, w, "alice").ID, recovery.ActionUnlock, "asked by phone"); err != nil {
						t.Fatal(err)
					}
					if got, want := told(x.old) == 1, tc.want == x.old; got != want || told(x.new) != 1 {
						t.Errorf("a notice went to the old address: %v, want %v; to the new one: %d, want 1", got, want, told(x.new))
					}
				})
			}
		}
	}
}

func TestRule_TheOldAddressMayUndoWhichFreezes(t *testing.T) {
	for _, kind := range accounts() {
		for _, x := range readdressings() {
			for _, tc := range []struct {
				name   string
				after  time.Duration
				page   string
				undone bool
			}{
				{"just before", 72*time.Hour - time.Second, "undo", true},
				{"after 72 hours it only closes", 72 * time.Hour, "stop", false},
				{"for as long as a notice works, less a second", 7*24*time.Hour - time.Second, "stop", false},
			} {
				t.Run(kind.name+", "+x.name+", "+tc.name, func(t *testing.T) {
					w, alice := kind.made(t)
					b := enter(t, w, w.Browser(), alice)
					since := x.do(w, b, alice)
					at(w, since.Add(tc.after))
					if got := pressStop(w, notices(w, x.old, recovery.EventContactChanged)[0]); got != tc.page {
						t.Errorf("got page %q, want %q", got, tc.page)
					}
					a := account(t, w, "alice")
					if a.State != recovery.StateFrozen || w.SignedIn(b) {
						t.Errorf("got state %s, signed in %v, want frozen and nobody in", a.State, w.SignedIn(b))
					}
					want := x.new
					if tc.undone {
						want = x.old
					}
					channel := map[string]string{"mail": recovery.ChannelMail, "number": recovery.ChannelSMS}[x.name]
					for _, later := range []time.Duration{0, 73 * time.Hour} {
						if got := a.Address(channel, w.Clock.Now().Add(later)); got != want {
							t.Errorf("%s later: got %s, want %s", later, got, want)
						}
					}
				})
			}
		}
	}
	t.Run("a week later the link is dead", func(t *testing.T) {
		w, alice := withFactor(t)
		x := readdressings()[0]
		since := x.do(w, enter(t, w, w.Browser(), alice), alice)
		at(w, since.Add(7*24*time.Hour))
		w.Browser().Follow(notices(w, x.old, recovery.EventContactChanged)[0].Vars["stop"]).Want("refused")
		if got := account(t, w, "alice").State; got != recovery.StateActive {
			t.Errorf("got state %s, want active", got)
		}
	})
	t.Run("any notice that closes the account takes the new address back", anotherNoticeUndoes)
	t.Run("a first number, which replaced none, goes", func(t *testing.T) {
		w, alice := withFactor(t)
		change(t, w, "alice", noPhone)
		readdressings()[1].do(w, enter(t, w, w.Browser(), alice), alice)
		pressStop(w, notices(w, alice.Mail, recovery.EventContactChanged)[0])
		if got := account(t, w, "alice").Addresses; len(got) != 1 {
			t.Errorf("got %+v, want the mail address alone", got)
		}
	})
}

func anotherNoticeUndoes(t *testing.T) {
	w, alice := withFactor(t)
	b := enter(t, w, w.Browser(), alice)
	readdressings()[0].do(w, b, alice)
	begin(w, b, alice, recovery.KindNewCodes).Want("codes").Submit("choice", "saved").Want("account-recovery")
	pressStop(w, notices(w, alice.Mail, recovery.EventCodesRenewed)[0])
	if got := account(t, w, "alice").Address(recovery.ChannelMail, w.Clock.Now().Add(73*time.Hour)); got != alice.Mail {
		t.Errorf("three days later mail goes to %s, want %s", got, alice.Mail)
	}
}
