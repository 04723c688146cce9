package web_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func bob() *recoverytest.Person {
	return &recoverytest.Person{Name: "robin", Mail: "robin@example.org", Phone: "+41797654321", Password: "staple battery horse"}
}

func disable(t *testing.T, w *recoverytest.World, name string, s recovery.State) {
	t.Helper()
	change(t, w, name, func(a *recovery.Account) { a.State = s })
}

// change edits an account record behind the engine's back.
func change(t *testing.T, w *recoverytest.World, name string, edit func(*recovery.Account)) {
	t.Helper()
	a, err := w.Engine.Find(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	_, err = kv.Update(t.Context(), w.Engine.Store, "account/"+a.ID, time.Time{}, func(a *recovery.Account, _ bool) error {
		edit(a)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// watched gives the account a browser on which somebody loaded a page then, and
// is signed in for long.
func watched(a *recovery.Account, paged time.Time) {
	const day = 24 * time.Hour
	a.Devices = append(a.Devices, recovery.Device{ID: "tablet", Seen: paged, Paged: paged})
	a.Sessions = append(a.Sessions, recovery.Session{
		ID: "tablet", TokenHash: "tablet", Device: "tablet", Generation: a.Generation, Created: paged, Seen: paged,
		Idle: int64(60 * day / time.Second), End: paged.Add(60 * day),
	})
}

// A test named TestRule_… tries a rule that holds under every policy over HTTP,
// with rows just inside and just outside of each limit.

// kindOfAccount is an account of those tables: alice as she signs in.
type kindOfAccount struct {
	name string
	made func(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person)
}

func accounts() []kindOfAccount {
	return []kindOfAccount{{"with an authenticator", withFactor}, {"password only", withoutFactor}}
}

func withFactor(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person) {
	t.Helper()
	w, alice := recoverytest.New(t, options...), recoverytest.Alice()
	w.Setup(alice)
	return w, alice
}

// optionalFactor lets everybody but administrators go without a second factor.
func optionalFactor(p *recovery.Policy) { p.FactorFor = []string{recovery.GroupAdmins} }

// withoutFactor is alice after her second factor was taken from the record, where
// that keeps nobody out.
func withoutFactor(t *testing.T, options ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person) {
	t.Helper()
	w, alice := withFactor(t, append(options, recoverytest.WithPolicy(optionalFactor))...)
	change(t, w, "alice", func(a *recovery.Account) {
		a.Drop(recovery.TOTP)
		a.SecondFactor = false
	})
	alice.Key = ""
	return w, alice
}

// at moves the clock to a moment.
func at(w *recoverytest.World, moment time.Time) { w.Clock.Move(moment.Sub(w.Clock.Now())) }

func account(t *testing.T, w *recoverytest.World, name string) *recovery.Account {
	t.Helper()
	a, err := w.Engine.Find(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// another follows "try another way", where a step has that.
func another(b *recoverytest.Browser) *recoverytest.Browser {
	if !strings.Contains(b.Body, "/.sparekey/choose?") {
		return b
	}
	return b.Get("/.sparekey/choose?f=" + b.URL.Query().Get("f"))
}

// enter signs in with all that is asked, and fails the test when it cannot.
func enter(t *testing.T, w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) *recoverytest.Browser {
	t.Helper()
	return signIn(w, b, p)
}

// signIn is enter for a test that may fail without failing the one around it.
func signIn(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) *recoverytest.Browser {
	w.TB.Helper()
	b.Get("/.sparekey/login").Want("sign-in").Submit("name", p.Name, "password", p.Password)
	if b.Page() == "factor" {
		b.Submit("code", secondCode(w, p))
	}
	if !w.SignedIn(b) {
		w.TB.Fatalf("sign-in: got page %q, status %d: %s", b.Page(), b.Status, b.Text())
	}
	return b
}

// secondCode is what an account shows after its password: the authenticator's
// code, or without one the code mailed because the browser is unknown.
func secondCode(w *recoverytest.World, p *recoverytest.Person) string {
	if p.Key == "" {
		return w.Outbox.Last(w.TB, p.Mail, "mail-code").Vars["code"]
	}
	w.Clock.Move(30 * time.Second)
	return recoverytest.TOTP(w, p.Key)
}

// begin starts a change in a signed-in browser and gives the strong proof.
func begin(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person, kind recovery.Kind) *recoverytest.Browser {
	w.TB.Helper()
	b.Post("/.sparekey/", recoverytest.Fields("start", string(kind))).Want("factor")
	return strongly(w, b, p)
}

func strongly(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) *recoverytest.Browser {
	w.TB.Helper()
	if p.Key == "" {
		return b.Submit("password", p.Password)
	}
	return b.Submit("code", secondCode(w, p))
}

// notices lists the notices of an event to an address, those that tell of it
// beside another of the same act too; empty: all.
func notices(w *recoverytest.World, to string, event recovery.EventName) []recovery.Message {
	return slices.DeleteFunc(w.Outbox.To(to, "notice"), func(m recovery.Message) bool {
		return m.Vars["event"] != string(event) && !slices.Contains(strings.Fields(m.Vars["also"]), string(event))
	})
}

// atNewPassword walks alice's lost password up to the last page.
func atNewPassword(t *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
	t.Helper()
	b := w.Browser()
	w.Ask(b, p)
	w.Clock.Move(time.Minute)
	return b.Want("choice").Submit("choice", "password").Want("factor").Submit("code", recoverytest.TOTP(w, p.Key)).Want("new-password")
}

// atSMS walks alice's lost phone up to the SMS code.
func atSMS(t *testing.T, w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
	t.Helper()
	b := w.Browser()
	w.Ask(b, p)
	b.Want("choice").Submit("choice", "second_factor").Want("factor")
	return b.Submit("password", p.Password).Want("factor")
}

// flowOf is the id of the flow a page belongs to.
func flowOf(b *recoverytest.Browser) string {
	if f := b.URL.Query().Get("f"); f != "" {
		return f
	}
	return b.Hidden("code").Get("flow")
}

// wantOwn fails the test unless a page of one's own account is shown.
func wantOwn(b *recoverytest.Browser) {
	b.TB.Helper()
	if !strings.HasPrefix(b.Page(), "account") {
		b.Want("account")
	}
}
