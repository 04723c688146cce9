package web_test

import (
	"errors"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// spelling is an address as somebody types it, and whose it is.
type spelling struct {
	typed string
	whose string // kim, or nobody's
}

// spellings of kim@bücher.example (xn--bcher-kva.example) and of what only
// looks like it. Hosts are compared as IDNA 2008 does it, names before the @
// in ASCII without regard to case, and nothing else is the same.
func spellings() []spelling {
	return []spelling{
		{"kim@b\u00fccher.example", "kim"},              // Unicode, composed
		{"kim@bu\u0308cher.example", "kim"},             // decomposed
		{"kim@xn--bcher-kva.example", "kim"},            // punycode
		{"KIM@XN--BCHER-KVA.EXAMPLE", "kim"},            // shouted
		{"Kim@B\u00dcCHER.Example", "kim"},              // and in Unicode
		{"kim@\uff42\u00fc\uff43her.example", "kim"},    // full-width letters in the host
		{"kim@b\u00fccher\u3002example", "kim"},         // ideographic full stop
		{"kim@b\u00fccher\uff0eexample", "kim"},         // full-width full stop
		{"  kim@b\u00fccher.example\t", "kim"},          // pasted
		{"kim@b\u00fc\u00adcher.example", "kim"},        // soft hyphen, which IDNA drops
		{"kim@b\u00fccher.example.", ""},                // trailing dot: no mail address
		{"kim@b\u00fccher.example..", ""},               //
		{"kim@.b\u00fccher.example", ""},                //
		{"kim@b\u0446cher.example", ""},                 // Cyrillic letter
		{"kim@b\u03cbcher.example", ""},                 // Greek upsilon with dialytika
		{"kim@bucher.example", ""},                      // without the dots
		{"kim@buecher.example", ""},                     // transcribed
		{"kim@b\u00fc\u200dcher.example", ""},           // joiner
		{"kim@b\u00fc\u200bcher.example", "kim"},        // zero-width blank, which IDNA drops
		{"kim@xn--bcher-kva8445foa.example", ""},        // punycode of something else
		{"kim@xn--a.example", ""},                       // no punycode
		{"k\u0131m@b\u00fccher.example", ""},            // dotless i
		{"K\u0130M@b\u00fccher.example", ""},            // dotted capital I
		{"\u212Aim@b\u00fccher.example", ""},            // Kelvin sign
		{"\uff4bim@b\u00fccher.example", ""},            // full-width letter before the @
		{"k\u0456m@b\u00fccher.example", ""},            // Cyrillic i
		{"ki\u200bm@b\u00fccher.example", ""},           // zero-width blank
		{"kim\uff20b\u00fccher.example", ""},            // full-width @
		{"kim@b\u00fccher.example,eve@x.example", ""},   // two
		{"kim@b\u00fccher.example\u2028eve@x.ex", ""},   // line separator
		{"\"kim\"@b\u00fccher.example", ""},             // quoted
		{"kim@[b\u00fccher.example]", ""},               // literal
		{"kim%b\u00fccher.example@relay.example", ""},   // relayed
		{"kim+x@b\u00fccher.example", ""},               // tagged: another address
		{"\u202ekim@b\u00fccher.example", ""},           // written from right to left
		{"kim@b\u00fccher.example\u0000@x.example", ""}, // NUL
	}
}

func kimAt(address string) *recoverytest.Person {
	return &recoverytest.Person{Name: "kimberly", Mail: address, Password: "staple battery horse"}
}

// newSpelled is an installation where kim's address was typed as told.
func newSpelled(t *testing.T, address string) *recoverytest.World {
	t.Helper()
	w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) {
		plenty := recovery.Rate{Count: 1e6, Per: time.Hour}
		p.Limits.SendsHourly, p.Limits.SendsDaily, p.Limits.Failures = plenty, plenty, plenty
	}))
	w.Setup(recoverytest.Alice())
	w.Invite(kimAt(address))
	return w
}

// TestOddSpellingsReachTheStoredAddressOrNobody types each spelling wherever an
// address is typed: to sign in, to get back in, to add somebody, to change
// one's own. It is kim's or nobody's, and no message goes anywhere else.
func TestOddSpellingsReachTheStoredAddressOrNobody(t *testing.T) {
	t.Parallel()
	const canonical = "kim@xn--bcher-kva.example"
	for _, stored := range []string{"kim@b\u00fccher.example", canonical, "KIM@BU\u0308CHER.EXAMPLE"} {
		t.Run(stored, func(t *testing.T) {
			w := newSpelled(t, stored)
			for i, s := range spellings() {
				t.Run(fmt.Sprintf("%+q", s.typed), func(t *testing.T) {
					mine := s.whose != ""
					if got := asksFor(t, w, s.typed); got != mine {
						t.Errorf("recover: got a mail to kim %v, want %v", got, mine)
					}
					b := w.Browser()
					b.Get("/").Submit("name", s.typed, "password", kimAt("").Password)
					if got := b.Page() == "factor"; got != mine {
						t.Errorf("sign in: got the password accepted %v, want %v", got, mine)
					}
					_, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: fmt.Sprintf("person%d", i), Mail: s.typed})
					if got := errors.Is(err, recovery.ErrNameTaken); got != mine {
						t.Errorf("add user: got taken %v (%v), want %v", got, err, mine)
					}
				})
			}
			for _, m := range w.Outbox.To("", "recover-code") {
				if m.To != canonical {
					t.Errorf("a mail went to %q, want only %q", m.To, canonical)
				}
			}
		})
	}
}

// asksFor asks for a way back under a name, and tells whether kim got mail. To
// the browser both look the same.
func asksFor(t *testing.T, w *recoverytest.World, name string) bool {
	t.Helper()
	before := len(w.Outbox.To("", "recover-code"))
	b := w.Browser()
	fields := b.Get("/.sparekey/recover").Want("recover").Hidden("name")
	fields.Set("name", name)
	b.Post("/.sparekey/", fields)
	if b.Page() != "sent" && b.Status != 400 { // unreadable text is no form of ours
		t.Errorf("got page %q, status %d, want sent", b.Page(), b.Status)
	}
	return len(w.Outbox.To("", "recover-code")) > before
}

// A new address is proved by a code that goes to its one canonical form, or it
// is refused; somebody else's is not taken over by spelling it differently.
func TestChangingToAnOddSpelling(t *testing.T) {
	t.Parallel()
	w := newSpelled(t, "kim@b\u00fccher.example")
	kim, alice := kimAt(""), recoverytest.Alice()
	b := w.Browser()
	change(t, w, "alice", func(a *recovery.Account) { // her password is strong enough a proof then
		a.Drop(recovery.TOTP)
		a.SecondFactor = false
		a.Addresses = nil
	})
	b.Get("/").Submit("name", "alice", "password", alice.Password)
	change(t, w, "alice", func(a *recovery.Account) { a.Devices[0].Sure = true }) // and so nothing is asked beside it
	for _, s := range spellings() {
		t.Run(fmt.Sprintf("%+q", s.typed), func(t *testing.T) {
			want, err := recovery.CanonicalMail(s.typed)
			before := len(w.Outbox.All())
			b.Get("/.sparekey/account").Want("account").Post("/.sparekey/", recoverytest.Fields("start", "change_mail")).Want("factor")
			fields := b.Submit("password", alice.Password).Want("confirm").Hidden("mail")
			fields.Set("mail", s.typed)
			b.Post("/.sparekey/", fields)
			sent := w.Outbox.All()[before:]
			switch {
			case err != nil:
				if len(sent) > 0 || b.Status != 422 && b.Status != 400 {
					t.Fatalf("got %d messages and status %d, want it refused", len(sent), b.Status)
				}
				return
			case len(sent) != 1 || sent[0].To != want:
				t.Fatalf("got %v, want one code to %s", sent, want)
			case s.whose == "":
				return
			}
			b.Submit("code", sent[0].Vars["code"])
			if b.Status != 422 {
				t.Errorf("somebody else's address was taken over: got status %d, page %q", b.Status, b.Page())
			}
		})
	}
	if a, err := w.Engine.Find(t.Context(), "kim@xn--bcher-kva.example"); err != nil || a.Name != kim.Name {
		t.Errorf("got %v, %v, want the address to be kim's still", a, err)
	}
}

func TestA14_OneAddressAndOnlyTheStoredOne(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	for _, body := range []string{
		"start=recover&name[]=alice%40example.org&name[]=evil%40example.net",
		"start=recover&name=alice%40example.org&name=evil%40example.net",
		"start=recover&name=alice%40example.org%2Cevil%40example.net",
		"start=recover&name=alice%40example.org%3Bevil%40example.net",
		"start=recover&name=alice%40example.org%0d%0aBcc%3A+evil%40example.net",
		"start=recover&name=alice%40example.org%00",
		"start=recover&name=%5B%22alice%40example.org%22%2C%22evil%40example.net%22%5D",
	} {
		b := w.Browser()
		fields, err := url.ParseQuery(body)
		if err != nil {
			t.Fatal(err)
		}
		b.Post("/.sparekey/", fields)
		if b.Status >= 500 {
			t.Errorf("%s: got status %d", body, b.Status)
		}
	}
	for _, m := range w.Outbox.To("", "") {
		if m.To != alice.Mail {
			t.Errorf("a message went to %q", m.To)
		}
	}
}

func TestA15_LookAlikeAddressesReachTheStoredOneOrNobody(t *testing.T) {
	w := recoverytest.New(t)
	kim := &recoverytest.Person{Name: "kim", Mail: "kim@mikes.example", Password: "staple battery horse"}
	w.Setup(recoverytest.Alice())
	w.Invite(kim)
	for _, typed := range []string{"\u212Aim@mikes.example", "kim@m\u0131kes.example", "KIM@MIKES.EXAMPLE", "kim@mi\u212Aes.example", "\uff4bim@mikes.example"} {
		w.Browser().Get("/.sparekey/recover").Submit("name", typed)
	}
	for _, m := range w.Outbox.To("", "") {
		if m.To != kim.Mail {
			t.Errorf("a message went to %q, want only the stored address", m.To)
		}
	}
}

func TestMF19_SomebodyElsesAddressCannotBeTaken(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	w.Clock.Move(time.Minute)
	b.Post("/.sparekey/", recoverytest.Fields("start", "change_mail")).Want("factor").Submit("code", recoverytest.TOTP(w, alice.Key)).Want("confirm")
	b.Submit("mail", robin.Mail).Want("confirm")
	b.Submit("code", w.Outbox.Last(t, robin.Mail, "contact-code").Vars["code"])
	if b.Status != 422 {
		t.Errorf("got status %d, page %q, want 422", b.Status, b.Page())
	}
	a, err := w.Engine.Find(t.Context(), "alice")
	if err != nil || len(a.Addresses) != 2 || a.Addresses[0].Value != alice.Mail || !a.Addresses[0].ValidUntil.IsZero() {
		t.Errorf("the account changed: %+v, %v", a.Addresses, err)
	}
}

// A code that came back from an address somebody else has leads to one's own
// page, where another one can be given.
func TestTakenAddressLeadsBackToTheAccount(t *testing.T) {
	w := recoverytest.New(t)
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	w.Clock.Move(time.Minute)
	b.Post("/.sparekey/", recoverytest.Fields("start", "change_mail")).Want("factor").Submit("code", recoverytest.TOTP(w, alice.Key)).Want("confirm")
	b.Submit("mail", robin.Mail).Want("confirm")
	b.Submit("code", w.Outbox.Last(t, robin.Mail, "contact-code").Vars["code"]).Want("account-contact")
	if got := b.Find("problem"); b.Status != 422 || got != "That one can’t be used here. Choose another one." {
		t.Errorf("got status %d, %q", b.Status, got)
	}
}
