package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// carrying is a browser with the session cookie of another one, as it was.
func carrying(w *recoverytest.World, b *recoverytest.Browser) *recoverytest.Browser {
	w.TB.Helper()
	copied := w.Browser()
	u, err := url.Parse(w.Server.URL)
	if err != nil {
		w.TB.Fatal(err)
	}
	c := *b.Cookie("sparekey")
	copied.Client.Jar.SetCookies(u, []*http.Cookie{{Name: c.Name, Value: c.Value, Path: "/"}})
	return copied
}

// proofsInSession are flows that end in a signed-in browser after a proof.
func proofsInSession() []act {
	return []act{
		{"stepping up", func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
			begin(w, b, p, recovery.KindStepUp)
		}, ""},
		{"new codes", inSession(recovery.KindNewCodes, "choice", "saved"), ""},
		{"a new authenticator", inSession(recovery.KindAddFactor), ""},
		{"a new address", func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
			readdressings()[0].do(w, b, p)
		}, ""},
		{"a new password", func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person) {
			b.Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor").Submit("password", p.Password).Want("factor")
			p.Password = "another horse staple"
			b.Submit("code", secondCode(w, p)).Want("new-password").Submit("new_password", p.Password)
		}, ""},
	}
}

// A proof given in a session replaces the session's token: a copy of the one
// before is worth nothing after a moment, in which requests of the page that were
// under way still pass.
func TestSessionsAreRenewedByAProof(t *testing.T) {
	for _, x := range proofsInSession() {
		t.Run(x.name, func(t *testing.T) {
			w, alice := withFactor(t)
			b := enter(t, w, w.Browser(), alice)
			copied, old := carrying(w, b), b.Cookie("sparekey").Value
			x.do(w, b, alice)
			if got := b.Cookie("sparekey").Value; got == old {
				t.Fatal("the browser has the same token")
			}
			rows := account(t, w, "alice").Sessions
			if len(rows) != 1 {
				t.Fatalf("got %d sessions, want the one", len(rows))
			}
			under := w.Clock.Now().Before(rows[0].BeforeUntil) // the walk itself took less
			if !w.SignedIn(b) || w.SignedIn(copied) != under {
				t.Errorf("right after it: signed in %v, with the token before %v, want true and %v", w.SignedIn(b), w.SignedIn(copied), under)
			}
			w.Clock.Move(10 * time.Second)
			if !w.SignedIn(b) || w.SignedIn(copied) {
				t.Errorf("10 s later: signed in %v, with the token before %v, want only the first", w.SignedIn(b), w.SignedIn(copied))
			}
			if copied.Get("/.sparekey/account"); strings.HasPrefix(copied.Page(), "account") {
				t.Error("the token before opens the account page")
			}
		})
	}
}

// A sign-out ends what goes by either token.
func TestSessionsThatAreRenewedEndWhole(t *testing.T) {
	w, alice := withFactor(t)
	b := enter(t, w, w.Browser(), alice)
	copied := carrying(w, b)
	begin(w, b, alice, recovery.KindStepUp)
	b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	if w.SignedIn(copied) {
		t.Error("the token before outlived the sign-out")
	}
	b = enter(t, w, b, alice)
	copied = carrying(w, b)
	begin(w, b, alice, recovery.KindStepUp)
	copied.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	if w.SignedIn(b) {
		t.Error("a sign-out with the token before left the session")
	}
}

// What other tabs had begun goes on, also when two of them end at once; and who
// asked to stay signed in does.
func TestSessionsThatAreRenewedDisturbNobody(t *testing.T) {
	w, alice := withFactor(t)
	b := w.Browser()
	b.Get("/.sparekey/login").Submit("name", alice.Name, "password", alice.Password, "remember", "1").Want("factor").Submit("code", secondCode(w, alice))
	other := "/.sparekey/?f=" + flowOf(b.Post("/.sparekey/", recoverytest.Fields("start", "set_pin")).Want("factor"))
	b.Post("/.sparekey/", recoverytest.Fields("start", "step_up")).Want("factor").NoFollow().Submit("code", secondCode(w, alice))
	kept := false
	for _, c := range (&http.Response{Header: b.Answer}).Cookies() {
		kept = kept || strings.HasPrefix(c.Name, "sparekey-") && c.MaxAge > 86400 && len(c.Value) == recovery.SessionSize
	}
	if !kept {
		t.Errorf("got %v, want the new cookie kept as long as the one before", b.Answer["Set-Cookie"])
	}
	b.Client.CheckRedirect = nil
	w.Clock.Move(time.Minute)
	b.Get(other).Want("factor").Submit("code", secondCode(w, alice)).Want("new-password")

	// Two answers that cross: the later one came with the token before.
	late, u := w.Browser(), b.URL
	step := flowOf(b.Post("/.sparekey/", recoverytest.Fields("start", "step_up")).Want("factor"))
	second := flowOf(b.Post("/.sparekey/", recoverytest.Fields("start", "step_up")).Want("factor"))
	late.Client.Jar.SetCookies(u, b.Client.Jar.Cookies(u))
	b.Get("/.sparekey/?f="+step).Want("factor").Submit("code", secondCode(w, alice))
	late.Get("/.sparekey/?f=" + second).Want("factor")
	late.Submit("method", recovery.RecoveryCode).Want("factor").Submit("code", alice.Codes[1])
	w.Clock.Move(time.Minute)
	if !w.SignedIn(b) {
		t.Error("the token of the first answer is dead: whichever came last signs the browser out")
	}
}

// dropped tells whether robin may still vouch for alice.
func dropped(t *testing.T, w *recoverytest.World) bool {
	t.Helper()
	return len(account(t, w, "alice").TrustedContacts) == 0
}

// Ending the sessions of others, and dropping who may vouch, ask for a fresh
// proof; ending one's own session does not.
func TestOthersSessionsEndOnlyAfterAProof(t *testing.T) {
	one := func(t *testing.T, w *recoverytest.World) bool {
		t.Helper()
		return len(account(t, w, "alice").Sessions) == 1
	}
	none := func(t *testing.T, w *recoverytest.World) bool {
		t.Helper()
		return len(account(t, w, "alice").Sessions) == 0
	}
	for _, tc := range []struct {
		name, path string
		choice     func(a *recovery.Account) string
		done       func(t *testing.T, w *recoverytest.World) bool
		free       bool
	}{
		{"another session", "account/devices", func(a *recovery.Account) string { return a.Sessions[0].ID }, one, false},
		{"all others", "account/devices", func(*recovery.Account) string { return "elsewhere" }, one, false},
		{"all", "logout", func(*recovery.Account) string { return "everywhere" }, none, false},
		{"somebody who may vouch", "account/recovery", func(*recovery.Account) string { return "drop:robin" }, dropped, false},
		{"one's own by its row", "account", func(a *recovery.Account) string { return a.Sessions[1].ID }, one, true},
		{"one's own", "logout", func(*recovery.Account) string { return "" }, one, true},
	} {
		for _, stale := range []bool{true, false} {
			for _, kind := range accounts() {
				name := tc.name + ", " + kind.name
				if !stale {
					name += ", just signed in"
				}
				t.Run(name, func(t *testing.T) {
					w, alice := kind.made(t)
					change(t, w, "alice", func(a *recovery.Account) {
						a.Sessions, a.TrustedContacts = nil, []recovery.TrustedContact{{ID: "robin", Name: "robin"}}
					})
					enter(t, w, w.Browser(), alice)
					b := enter(t, w, w.Browser(), alice)
					if stale {
						w.Clock.Move(11 * time.Minute)
					}
					press := func() {
						b.Post("/.sparekey/"+tc.path, recoverytest.Fields("choice", tc.choice(account(t, w, "alice"))))
					}
					press()
					if want := tc.free || !stale; tc.done(t, w) != want {
						t.Fatalf("without a proof: done %v, want %v (page %q)", tc.done(t, w), want, b.Page())
					}
					if tc.free || !stale {
						return
					}
					strongly(w, b.Want("factor"), alice).Want(strings.NewReplacer("logout", "account", "/", "-").Replace(tc.path))
					if !strings.Contains(b.Text(), "Press again") {
						t.Errorf("the page does not say that the proof was taken: %s", b.Text())
					}
					if press(); !tc.done(t, w) {
						t.Errorf("after a proof: not done, page %q", b.Page())
					}
				})
			}
		}
	}
}

// An administrator without a second factor ends their own other sessions with the
// password, as everybody without one does.
func TestOthersSessionsEndForAnAdministratorWithoutAFactor(t *testing.T) {
	w, alice := withoutFactor(t)
	enter(t, w, w.Browser(), alice)
	b := enter(t, w, w.Browser(), alice)
	w.Clock.Move(11 * time.Minute)
	elsewhere := recoverytest.Fields("choice", "elsewhere")
	b.Post("/.sparekey/account", elsewhere).Want("factor").Submit("password", alice.Password).Want("account")
	b.Post("/.sparekey/account", elsewhere).Want("account")
	if n := len(account(t, w, "alice").Sessions); n != 1 || !w.SignedIn(b) {
		t.Errorf("got %d sessions, signed in %v, want this one", n, w.SignedIn(b))
	}
}

// After a change one button ends all other sign-ins, and the trust in their
// browsers, without another proof.
func TestSignOutElsewhereAfterAChange(t *testing.T) {
	for _, x := range proofsInSession()[1:4] {
		t.Run(x.name, func(t *testing.T) {
			w, alice := withFactor(t)
			seat := w.Browser()
			seat.Get("/.sparekey/login").Submit("name", alice.Name, "password", alice.Password).Want("factor").Submit("code", secondCode(w, alice), "remember", "1")
			b := enter(t, w, w.Browser(), alice)
			w.Clock.Move(11 * time.Minute)
			x.do(w, b, alice)
			wantOwn(b)
			if !strings.Contains(b.Body, "signed in elsewhere too") {
				t.Errorf("the page does not offer it: %s", b.Text())
			}
			b.Submit("choice", "elsewhere").Want("account-devices")
			if !w.SignedIn(b) || w.SignedIn(seat) {
				t.Errorf("signed in %v, elsewhere %v, want only here", w.SignedIn(b), w.SignedIn(seat))
			}
			seat.Get("/.sparekey/login").Submit("name", alice.Name, "password", alice.Password).Want("factor")
			if b.Get("/.sparekey/account?done=codes_done"); strings.Contains(b.Body, "signed in elsewhere too") {
				t.Error("it is offered though nobody is signed in elsewhere")
			}
		})
	}
}

// What a page has open goes on when the session's token is replaced, and ends
// with the session.
func TestSessionsThatAreRenewedKeepTheirStreams(t *testing.T) {
	w := recoverytest.New(t, func(w *recoverytest.World) { w.App = http.HandlerFunc(recoverytest.StreamApp) })
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := comeIn(w, alice)
	list := openAll(w, b, []string{"events", "silent"})
	begin(w, b, alice, recovery.KindNewCodes).Want("codes").Submit("choice", "saved").Want("account-recovery")
	w.Clock.Move(time.Minute)
	recoverytest.WantOpen(t, "the token was replaced", list)
	begin(w, b, alice, recovery.KindSetPIN)
	recoverytest.WantOpen(t, "and the account changed once more", list)
	b.Post("/.sparekey/logout", url.Values{}).Want("signed-out")
	recoverytest.WantOver(t, "signed out", list, 1500*time.Millisecond)
}

// Requests that a page makes while a form of it ends with a proof all pass,
// whichever token they come with.
func TestSessionsThatAreRenewedLetParallelRequestsPass(t *testing.T) {
	w, alice := withFactor(t)
	b := enter(t, w, w.Browser(), alice)
	b.Post("/.sparekey/", recoverytest.Fields("start", "step_up")).Want("factor")
	code := secondCode(w, alice)
	old := carrying(w, b)
	cookie := old.Client.Jar.Cookies(b.URL)[0]
	var pages sync.WaitGroup
	for range 40 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Server.URL+"/album", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.AddCookie(cookie)
		pages.Go(func() {
			res, err := old.Client.Transport.RoundTrip(req)
			if err != nil {
				t.Error(err)
				return
			}
			if res.Body.Close(); res.StatusCode != http.StatusOK {
				t.Errorf("got status %d, want the app", res.StatusCode)
			}
		})
	}
	b.Submit("code", code)
	pages.Wait()
	if !w.SignedIn(b) {
		t.Error("the browser is signed out")
	}
}
