package web_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// act is something done in alice's account, while somebody recovers it.
type act struct {
	name string
	do   func(w *recoverytest.World, seat *recoverytest.Browser, alice *recoverytest.Person)
	says string // of the recovery that it ends; empty: that goes on
}

const (
	saysSignIn = "signed in with this account’s second factor on "
	saysChange = "changed this account on "
)

// inSession is a change from a signed-in browser.
func inSession(kind recovery.Kind, finish ...string) func(*recoverytest.World, *recoverytest.Browser, *recoverytest.Person) {
	return func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
		w.TB.Helper()
		begin(w, b, p, kind)
		if b.Enrolling() {
			w.Enrol(b, p)
		} else {
			b.Submit(finish...)
		}
		wantOwn(b)
	}
}

// acts are all that an owner can do, and what does not show that it is the owner.
func acts() []act {
	named := func(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
		return w.Browser().Get("/.sparekey/login").Submit("name", p.Name, "password", p.Password)
	}
	return []act{
		{"a new authenticator", inSession(recovery.KindAddFactor), saysChange},
		{"new codes", inSession(recovery.KindNewCodes, "choice", "saved"), saysChange},
		{"a PIN", inSession(recovery.KindSetPIN, "pin", "395172"), saysChange},
		{"a question", inSession(recovery.KindSetQuestion, "answer", "Bello", "choice", "first_pet"), saysChange},
		{"a person named", inSession(recovery.KindAddContact, "name", "robin"), saysChange},
		{"a person removed", func(_ *recoverytest.World, b *recoverytest.Browser, _ *recoverytest.Person) {
			b.Post("/.sparekey/account", recoverytest.Fields("choice", "drop:robin")).Want("account")
		}, saysChange},
		{"a new address", func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
			readdressings()[0].do(w, b, p)
		}, saysChange},
		{"a new number", func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
			readdressings()[1].do(w, b, p)
		}, saysChange},
		{"a full sign-in", func(w *recoverytest.World, _ *recoverytest.Browser, p *recoverytest.Person) {
			signIn(w, w.Browser(), p)
		}, saysSignIn},
		{"a full sign-in in the same browser", nil, saysSignIn},
		{"a full sign-in in a browser that is known", func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
			change(w.TB.(*testing.T), w, p.Name, (*recovery.Account).UntrustDevices)
			b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
			signIn(w, b, p)
		}, saysSignIn},
		{"nothing", func(*recoverytest.World, *recoverytest.Browser, *recoverytest.Person) {}, ""},
		{"the password, and no more", func(w *recoverytest.World, _ *recoverytest.Browser, p *recoverytest.Person) {
			named(w, p).Want("factor")
		}, ""},
		{"a sign-in with a recovery code", func(w *recoverytest.World, _ *recoverytest.Browser, p *recoverytest.Person) {
			if b := named(w, p).Submit("method", "recovery_code").Submit("code", p.Codes[9]); !w.SignedIn(b) {
				w.TB.Fatal("not signed in by a code")
			}
		}, ""},
		{"a remembered browser", func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
			b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
			if b.Get("/").Submit("name", p.Name, "password", p.Password); !w.SignedIn(b) {
				w.TB.Fatal("not signed in without a code")
			}
		}, ""},
	}
}

// withOthers is alice, whose browser is remembered, and robin, whom she trusts.
func withOthers(t *testing.T, more ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person, *recoverytest.Browser) {
	t.Helper()
	w, alice := withFactor(t, append(more, recoverytest.WithPolicy(func(p *recovery.Policy) {
		p.Ask = map[string][]recovery.Kind{recovery.PIN: {recovery.KindChangePassword}, recovery.SecurityQuestion: {recovery.KindLogin}}
	}))...)
	w.Invite(bob())
	change(t, w, "alice", func(a *recovery.Account) {
		a.TrustedContacts = append(a.TrustedContacts, recovery.TrustedContact{ID: account(t, w, "robin").ID, Name: "robin"})
	})
	seat := w.Browser()
	seat.Get("/").Submit("name", alice.Name, "password", alice.Password).Want("factor").Submit("code", secondCode(w, alice), "remember", "1")
	return w, alice, seat
}

// A recovery that was begun before the owner acted must not replace what she
// has just made, whichever browser it runs in.
func TestRule_AnActOfTheOwnerEndsARecovery(t *testing.T) {
	t.Parallel()
	for _, x := range acts() {
		t.Run(x.name, func(t *testing.T) {
			w, alice, seat := withOthers(t)
			old := *alice
			b := atNewPassword(t, w, &old)
			page, form := b.URL.RequestURI(), b.Hidden("new_password")
			if x.do == nil {
				signIn(w, b, alice)
			} else {
				x.do(w, seat, alice)
			}
			form.Set("new_password", "a whole new sentence")
			b.Post("/.sparekey/", form)
			if x.says == "" {
				b.Want("sign-in")
				return
			}
			for i := range 2 {
				if b.Page() != "refused" || b.Status != 422 || !strings.Contains(b.Text(), x.says) {
					t.Errorf("%d: got %q, status %d: %s\nwant it to be said: %s", i, b.Page(), b.Status, b.Text(), x.says)
				}
				b.Get(page)
			}
			enter(t, w, w.Browser(), alice)
		})
	}
}

// What was not proved yet may not tell a stranger that the owner is here.
func TestRule_AnActOfTheOwnerIsNotToldBeforeAProof(t *testing.T) {
	w, alice := withFactor(t)
	b := w.Browser()
	b.Get("/.sparekey/recover").Submit("name", alice.Name).Want("sent")
	enter(t, w, w.Browser(), alice)
	b.Submit("code", "ABCD-EFGH").Want("sent")
	b.Submit("code", w.MailCode(alice)).Want("choice")
}

// The rescue of whoever runs the place goes on whatever is done in the account.
func TestRule_ARescueGoesOnWhateverTheOwnerDoes(t *testing.T) {
	w, alice := withFactor(t)
	token, err := w.Engine.RescueLink(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	enter(t, w, w.Browser(), alice)
	b := w.Browser()
	b.Get("/.sparekey/link").Submit("code", token).Want("choice").Submit("choice", "both").Want("new-password")
	enter(t, w, w.Browser(), alice)
	b.Submit("new_password", "a whole new sentence")
	enter(t, w, w.Browser(), alice)
	alice.Password = "a whole new sentence"
	w.Enrol(b, alice)
	enter(t, w, w.Browser(), alice)
}

func TestRule_AnActOfTheOwnerEndsWaitsAndCases(t *testing.T) {
	renew := func(w *recoverytest.World, seat *recoverytest.Browser, p *recoverytest.Person) {
		inSession(recovery.KindNewCodes, "choice", "saved")(w, seat, p)
	}
	t.Run("wait", func(t *testing.T) {
		w, alice := waits()[0].coolDown(t, nil)
		seat := enter(t, w, w.Browser(), alice)
		waits()[0].beginWait(w, alice)
		renew(w, seat, alice)
		w.Clock.Move(25 * time.Hour)
		if b := waits()[0].walk(w, w.Browser(), alice); b.Enrolling() {
			t.Error("the wait is over, want it ended")
		}
	})
	t.Run("case", func(t *testing.T) {
		w, alice, seat := withOthers(t)
		boss := &recoverytest.Person{Name: "sam", Mail: "sam@example.org", Phone: "+41797654322", Password: "battery horse staple"}
		w.Invite(boss)
		change(t, w, "sam", func(a *recovery.Account) { a.Groups = []string{recovery.GroupAdmins} })
		admin := enter(t, w, w.Browser(), boss)
		admin.Post("/.sparekey/", recoverytest.Fields("start", "open_case", "name", "alice", "choice", "both", "reason", "called me")).
			Want("factor").Submit("code", secondCode(w, boss)).Want("person")
		link := recoverytest.Link(t, w.Outbox.Last(t, alice.Mail, "admin-case"))
		renew(w, seat, alice)
		b := w.Browser()
		if b.Get("/.sparekey/link").Submit("code", link); b.Page() != "confirm" || !strings.Contains(b.Text(), saysChange) {
			t.Errorf("got %q: %s", b.Page(), b.Text())
		}
	})
}

// Whoever is asked to vouch is not let do so once the owner has acted. What is
// only tried out goes on.
func TestRule_AnActOfTheOwnerEndsARequestToVouch(t *testing.T) {
	for _, trial := range []bool{false, true} {
		for _, acts := range []bool{false, true} {
			t.Run(fmt.Sprintf("trial %v, the owner acts %v", trial, acts), func(t *testing.T) {
				w, alice, seat := withOthers(t, recoverytest.WithPolicy(optionalFactor))
				robin := bob()
				change(t, w, "alice", func(a *recovery.Account) {
					a.TrustedContacts = append(a.TrustedContacts, recovery.TrustedContact{ID: "somebody else", Name: "carol"})
				})
				change(t, w, "robin", func(a *recovery.Account) { a.SecondFactor = false; a.Drop(recovery.TOTP) })
				b := w.Browser()
				if trial {
					b = enter(t, w, b, alice).Post("/.sparekey/", recoverytest.Fields("start", "drill_contact")).Want("factor")
				} else {
					b.Get("/.sparekey/recover").Submit("name", "alice").Submit("method", "recovery_code").Submit("code", alice.Codes[0])
					b.Want("choice").Submit("choice", "both").Want("sent").Submit("method", "contact").Want("factor")
				}
				code := b.All("spoken")[0]
				if acts {
					inSession(recovery.KindNewCodes, "choice", "saved")(w, seat, alice)
				}
				f := enter(t, w, w.Browser(), robin)
				f.Get("/.sparekey/account/approve").Want("confirm").Submit("code", code)
				if got, want := f.Page() == "factor", trial || !acts; got != want {
					t.Errorf("robin may vouch: %v, want %v (page %q)", got, want, f.Page())
				}
			})
		}
	}
}

// Whoever signs in with alice's password and authenticator ends her recovery
// again and again. She closes the account first, and is the one who opens it.
func TestRule_AThiefWithTheFactorCannotKeepTheOwnerOut(t *testing.T) {
	opens := func(t *testing.T, w *recoverytest.World, alice *recoverytest.Person) {
		t.Helper()
		b := w.Browser()
		w.Ask(b, alice)
		b.Want("factor").Submit("code", alice.Codes[0]).Want("new-password")
		alice.Password = "a whole new sentence"
		b.Submit("new_password", alice.Password)
		w.Enrol(b, alice)
		enter(t, w, w.Browser(), alice)
	}
	locks := func(t *testing.T, w *recoverytest.World, b *recoverytest.Browser) {
		t.Helper()
		page := regexp.MustCompile(`/\.sparekey/stop\?f=[A-Za-z0-9_-]+`).FindString(b.Body)
		b.Get(page).Want("stop")
		b.Post("/.sparekey/stop", recoverytest.Fields("flow", b.URL.Query().Get("f"))).Want("stop")
		if got := account(t, w, "alice").State; got != recovery.StateFrozen {
			t.Fatalf("got %s, want it closed", got)
		}
	}
	t.Run("he signs in after she began", func(t *testing.T) {
		w, alice := withFactor(t)
		thief, b := *alice, w.Browser()
		w.Ask(b, alice)
		his := enter(t, w, w.Browser(), &thief)
		b.Want("choice").Submit("choice", "both").Want("refused")
		locks(t, w, b)
		if w.SignedIn(his) {
			t.Error("he is still signed in")
		}
		opens(t, w, alice)
	})
	t.Run("he made codes and began first", func(t *testing.T) {
		w, alice := withFactor(t)
		thief := *alice
		his := enter(t, w, w.Browser(), &thief)
		inSession(recovery.KindNewCodes, "choice", "saved")(w, his, &thief)
		b := w.Browser()
		w.Ask(b, alice)
		enter(t, w, w.Browser(), &thief)
		b.Submit("choice", "both").Want("refused")
		locks(t, w, b)
		opens(t, w, alice)
	})
	t.Run("only the browser of the recovery closes it, and once", func(t *testing.T) {
		w, alice := withFactor(t)
		b := w.Browser()
		w.Ask(b, alice)
		f := flowOf(b)
		b.Post("/.sparekey/stop", recoverytest.Fields("flow", f)).Want("refused") // nothing has ended it
		enter(t, w, w.Browser(), alice)
		w.Browser().Post("/.sparekey/stop", recoverytest.Fields("flow", f)).Want("refused")
		if got := account(t, w, "alice").State; got != recovery.StateActive {
			t.Fatalf("got %s, want it open", got)
		}
		b.Post("/.sparekey/stop", recoverytest.Fields("flow", f)).Want("stop")
		wantUnwritten(t, w, func() { b.Post("/.sparekey/stop", recoverytest.Fields("flow", f)).Want("stop") })
	})
}

// The pages that make an authenticator or codes offer to end all other
// sign-ins, and end those only if that stays ticked.
func TestNewCodesEndOtherSignInsIfWanted(t *testing.T) {
	for _, kind := range []recovery.Kind{recovery.KindNewCodes, recovery.KindAddFactor} {
		for _, ticked := range []bool{true, false} {
			t.Run(string(kind), func(t *testing.T) {
				w, alice, other := withOthers(t)
				own := enter(t, w, w.Browser(), alice)
				begin(w, own, alice, kind)
				if own.Enrolling() {
					own.TakeApp()
					alice.Key = keyOn(own)
					own.Submit("code", recoverytest.TOTP(w, alice.Key))
				}
				if own.Want("codes"); !strings.Contains(own.Body, `name="others" type="checkbox" value="1" checked`) {
					t.Error("the page does not offer it, ticked")
				}
				if ticked {
					own.Submit("choice", "saved", "others", "1")
				} else {
					own.Submit("choice", "saved")
				}
				wantOwn(own)
				if got := w.SignedIn(other); got == ticked || !w.SignedIn(own) {
					t.Errorf("ticked %v: the other browser is signed in: %v, this one: %v", ticked, got, w.SignedIn(own))
				}
			})
		}
	}
	t.Run("nothing to offer", func(t *testing.T) {
		w, alice := withFactor(t)
		b := begin(w, enter(t, w, w.Browser(), alice), alice, recovery.KindNewCodes).Want("codes")
		if strings.Contains(b.Body, `name="others"`) {
			t.Error("got an offer, want none: nobody else is signed in")
		}
	})
}
