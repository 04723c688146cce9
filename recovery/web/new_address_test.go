package web_test

import (
	"fmt"
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
	b.Submit("code", w.Outbox.Last(w.TB, x.new, "contact-code").Vars["code"]).Want("account")
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
					boss := &recovery.Account{ID: "somebody else", State: recovery.StateActive, Groups: []string{recovery.GroupAdmins}}
					if err := w.Engine.Manage(t.Context(), boss, account(t, w, "alice").ID, recovery.ActionUnlock, "asked by phone"); err != nil {
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
					channel := map[string]string{"mail": recovery.ChannelMail, "number": recovery.ChannelSMS}[x.name]
					for _, later := range []time.Duration{0, 73 * time.Hour} {
						want := x.new
						if tc.undone {
							want = x.old
						}
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
		w.Browser().Get(notices(w, x.old, recovery.EventContactChanged)[0].Vars["stop"]).Want("refused")
		if got := account(t, w, "alice").State; got != recovery.StateActive {
			t.Errorf("got state %s, want active", got)
		}
	})
	t.Run("any notice that closes the account takes the new address back", func(t *testing.T) {
		w, alice := withFactor(t)
		b := enter(t, w, w.Browser(), alice)
		readdressings()[0].do(w, b, alice)
		begin(w, b, alice, recovery.KindNewCodes).Want("codes").Submit("choice", "saved").Want("account")
		pressStop(w, notices(w, alice.Mail, recovery.EventCodesRenewed)[0])
		if got := account(t, w, "alice").Address(recovery.ChannelMail, w.Clock.Now().Add(73*time.Hour)); got != alice.Mail {
			t.Errorf("three days later mail goes to %s, want %s", got, alice.Mail)
		}
	})
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

// forbidden is a change that an account on probation may not make.
type forbidden struct {
	name string
	do   func(w *recoverytest.World, b *recoverytest.Browser)
}

func forbiddens(robin, guest string) []forbidden {
	starts := func(kind recovery.Kind) forbidden {
		return forbidden{string(kind), func(_ *recoverytest.World, b *recoverytest.Browser) {
			b.Post("/.sparekey/", recoverytest.Fields("start", string(kind)))
		}}
	}
	posts := func(name, path string, fields ...string) forbidden {
		return forbidden{name, func(_ *recoverytest.World, b *recoverytest.Browser) { b.Post(path, recoverytest.Fields(fields...)) }}
	}
	return []forbidden{
		starts(recovery.KindChangeMail), starts(recovery.KindChangePhone), // contacts
		starts(recovery.KindAddContact), posts("drop a contact person", "/.sparekey/account", "choice", "drop:robin"),
		starts(recovery.KindAddFactor), starts(recovery.KindNewCodes), // factors and codes
		starts(recovery.KindSetPIN), starts(recovery.KindSetQuestion),
		starts(recovery.KindVouch), starts(recovery.KindOpenCase), // approving, admin action
		posts("invite", "/.sparekey/people", "name", guest),
		posts("sign somebody out", "/.sparekey/people/"+robin, "choice", "sign_out", "reason", "left the house"),
		posts("disable", "/.sparekey/people/"+robin, "choice", "disable", "reason", "left the house"),
	}
}

// recoveries are the ways into probation, and the one that leads around it.
func recoveries() map[string]func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
	return map[string]func(t *testing.T, w *recoverytest.World, p *recoverytest.Person){
		"password": func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			t.Helper()
			b := w.Browser()
			w.Ask(b, p)
			if p.Key != "" {
				b.Want("choice").Submit("choice", "password").Want("factor").Submit("code", secondCode(w, p))
			}
			p.Password = "another horse battery"
			b.Want("new-password").Submit("new_password", p.Password).Want("sign-in")
		},
		"second factor": func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			t.Helper()
			w.LostPhone(w.Browser(), p)
			w.Clock.Move(-time.Minute) // which Enrol lets pass afterwards
		},
		"rescue": func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			t.Helper()
			token, err := w.Engine.RescueLink(t.Context(), p.Name)
			if err != nil {
				t.Fatal(err)
			}
			b := w.Browser()
			b.Get("/.sparekey/link").Submit("code", token)
			if b.Page() == "choice" {
				b.Submit("choice", "password")
			}
			p.Password = "another horse battery"
			b.Want("new-password").Submit("new_password", p.Password).Want("sign-in")
		},
	}
}

func TestRule_Probation(t *testing.T) {
	for _, kind := range accounts() {
		for lost, recovered := range recoveries() {
			if kind.name == "password only" && lost == "second factor" {
				continue
			}
			t.Run(kind.name+", "+lost, func(t *testing.T) {
				w, alice := kind.made(t)
				w.Invite(bob())
				robin := account(t, w, "robin").ID
				change(t, w, "alice", func(a *recovery.Account) { a.TrustedContacts = []recovery.TrustedContact{{ID: robin, Name: "robin"}} })
				recovered(t, w, alice)
				since := w.Clock.Now()

				at(w, since.Add(24*time.Hour-5*time.Minute))
				b := enter(t, w, w.Browser(), alice)
				at(w, since.Add(24*time.Hour-time.Second))
				probation(t, w, b, robin, lost != "rescue")
				b.Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor") // not one of them
				if lost != "rescue" {
					at(w, since.Add(24*time.Hour))
					probation(t, w, b, robin, false)
				}
			})
		}
	}
}

// probation tries every forbidden thing.
func probation(t *testing.T, w *recoverytest.World, b *recoverytest.Browser, robin string, refused bool) {
	t.Helper()
	guest := fmt.Sprint("guest", w.Clock.Now().Unix())
	for _, x := range forbiddens(robin, guest) {
		x.do(w, b)
		if got := b.Status == 422 && b.Page() == "refused"; got != refused {
			t.Errorf("%s: got page %q, status %d, want a refusal: %v", x.name, b.Page(), b.Status, refused)
		}
	}
	if _, err := w.Engine.Find(t.Context(), guest); (err == nil) == refused {
		t.Errorf("somebody was invited: got %v, want %v", err == nil, !refused)
	}
	alice, r := account(t, w, "alice"), account(t, w, "robin")
	if refused && (len(alice.TrustedContacts) != 1 || r.State != recovery.StateActive) {
		t.Errorf("got %d people who may vouch and robin %s, want 1 and active", len(alice.TrustedContacts), r.State)
	}
	if !refused && (len(alice.TrustedContacts) != 0 || r.State != recovery.StateDisabled) {
		t.Errorf("got %d people who may vouch and robin %s, want none and disabled", len(alice.TrustedContacts), r.State)
	}
}
