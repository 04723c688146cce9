package web_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// ticketFor goes the way of a signed-in browser to a host as far as the address
// with the ticket.
func ticketFor(t *testing.T, b *recoverytest.Browser, origin string) string {
	t.Helper()
	b.NoFollow()
	defer func() { b.Client.CheckRedirect = nil }()
	enter := b.Get(b.Get(origin + "/target?x=1").Answer.Get("Location")).Answer.Get("Location")
	if !strings.HasPrefix(enter, origin+"/.sparekey/enter?t=") {
		t.Fatalf("got %q, want the way to %s with a ticket", enter, origin)
	}
	return enter
}

// misuse is something done with the address of a ticket, and what it is answered
// with.
type misuse struct {
	name string
	do   func(t *testing.T, w *recoverytest.World, b *recoverytest.Browser, enter string) *recoverytest.Browser
	want int
}

func misuses() []misuse {
	return []misuse{
		{"at another host", func(_ *testing.T, _ *recoverytest.World, b *recoverytest.Browser, enter string) *recoverytest.Browser {
			return b.Get(strings.Replace(enter, nas, nas2, 1))
		}, http.StatusForbidden},
		{"at another port of the host, which sees the cookies of both", atAnotherPort, http.StatusForbidden},
		{"in another browser", func(_ *testing.T, w *recoverytest.World, _ *recoverytest.Browser, enter string) *recoverytest.Browser {
			return w.Browser().NoFollow().Get(enter)
		}, http.StatusForbidden},
		{"in another browser that is on a way of its own", func(_ *testing.T, w *recoverytest.World, _ *recoverytest.Browser, enter string) *recoverytest.Browser {
			return w.Browser().NoFollow().Get(nas + "/mine").Get(enter)
		}, http.StatusForbidden},
		{"late", func(_ *testing.T, w *recoverytest.World, b *recoverytest.Browser, enter string) *recoverytest.Browser {
			w.Clock.Move(31 * time.Second)
			return b.Get(enter)
		}, http.StatusForbidden},
		{"twice", func(t *testing.T, _ *recoverytest.World, b *recoverytest.Browser, enter string) *recoverytest.Browser {
			if b.Get(enter); b.Status != http.StatusSeeOther || cookieAt(t, b, nas) == nil {
				t.Fatalf("the first time: got status %d, want to be let in", b.Status)
			}
			u, _ := url.Parse(nas)
			b.Client.Jar.SetCookies(u, []*http.Cookie{{Name: "__Host-sparekey-8443", Value: "", Path: "/", Secure: true, MaxAge: -1}})
			return b.Get(enter)
		}, http.StatusForbidden},
		{"damaged", func(_ *testing.T, _ *recoverytest.World, b *recoverytest.Browser, enter string) *recoverytest.Browser {
			return b.Get(enter[:len(enter)-2])
		}, http.StatusForbidden},
		{"none", func(_ *testing.T, _ *recoverytest.World, b *recoverytest.Browser, _ string) *recoverytest.Browser {
			return b.Get(nas + "/.sparekey/enter")
		}, http.StatusForbidden},
		{"a cookie in its place", func(t *testing.T, _ *recoverytest.World, b *recoverytest.Browser, _ string) *recoverytest.Browser {
			return b.Get(nas + "/.sparekey/enter?t=" + cookieAt(t, b, photos).Value)
		}, http.StatusForbidden},
		{"after the sign-out", func(_ *testing.T, _ *recoverytest.World, b *recoverytest.Browser, enter string) *recoverytest.Browser {
			b.Post("/.sparekey/logout", url.Values{})
			return b.Get(enter)
		}, http.StatusForbidden},
		{"looked at by HEAD", func(t *testing.T, _ *recoverytest.World, b *recoverytest.Browser, enter string) *recoverytest.Browser {
			res, err := b.Client.Head(enter)
			if err != nil {
				t.Fatal(err)
			}
			if _ = res.Body.Close(); res.StatusCode != http.StatusMethodNotAllowed {
				t.Errorf("got status %d, want 405", res.StatusCode)
			}
			return b.Get(enter)
		}, http.StatusSeeOther},
		{"of a portal that is asked for the portal", func(_ *testing.T, _ *recoverytest.World, b *recoverytest.Browser, enter string) *recoverytest.Browser {
			return b.Get(strings.Replace(enter, nas, portal, 1))
		}, http.StatusNotFound},
	}
}

// atAnotherPort has a server there that knows the nonce.
func atAnotherPort(t *testing.T, _ *recoverytest.World, b *recoverytest.Browser, enter string) *recoverytest.Browser {
	u, _ := url.Parse(nas)
	nonces := 0
	for _, c := range b.Client.Jar.Cookies(u) {
		if strings.HasPrefix(c.Name, "__Host-sparekey-enter-") {
			nonces++
			c.Name, c.Path, c.Secure = strings.Replace(c.Name, "8443", "9443", 1), "/", true
			b.Client.Jar.SetCookies(u, []*http.Cookie{c})
		}
	}
	if nonces == 0 {
		t.Fatal("there is no nonce")
	}
	return b.Get(strings.Replace(enter, nas, nas2, 1))
}

// TestA26_TicketsOfAHandOff are good for one host, one browser, once, and 30
// seconds.
func TestA26_TicketsOfAHandOff(t *testing.T) {
	t.Parallel()
	for _, tc := range misuses() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w, alice := withPortal(t)
			b := come(w, w.Browser(), alice, photos+"/")
			enter := ticketFor(t, b, nas)
			b = tc.do(t, w, b.NoFollow(), enter)
			if b.Status != tc.want {
				t.Fatalf("got status %d, want %d\n%s", b.Status, tc.want, b.Text())
			}
			if tc.want == http.StatusForbidden {
				b.Want("refused")
				if cookieAt(t, b, nas) != nil || cookieAt(t, b, nas2) != nil {
					t.Error("the browser was given a cookie")
				}
			}
		})
	}
}

// TestA26_AnOldTicketAsksAgain: the page leads where the browser was going.
func TestA26_AnOldTicketAsksAgain(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := come(w, w.Browser(), alice, photos+"/")
	enter := ticketFor(t, b, nas)
	w.Clock.Move(time.Minute)
	if b.Get(enter).Want("refused"); !strings.Contains(b.Body, `href="/target?x=1"`) {
		t.Errorf("the page does not lead on:\n%s", b.Body)
	}
	inApp(w, b.Get(nas+"/target?x=1"), nas+"/target?x=1")
	inApp(w, b.Get(enter), nas+"/") // it was opened before, and the browser is let in by now
}

// TestA26_CookiesOfOneHostOpenNoOther, and none of them is cleared.
func TestA26_CookiesOfOneHostOpenNoOther(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := come(w, w.Browser(), alice, photos+"/")
	inApp(w, b.Get(nas+"/"), nas+"/")
	own, ofNas, ofPortal := *cookieAt(t, b, photos), *cookieAt(t, b, nas), *cookieAt(t, b, portal)
	named := func(name string, c http.Cookie) *http.Cookie { c.Name = name; return &c }
	for _, tc := range []struct {
		name, address string
		cookie        *http.Cookie
	}{
		{"of a neighbour", album + "/", &own},
		{"of the portal", album + "/", &ofPortal},
		{"of the portal, at a host that is known", photos + "/", &ofPortal},
		{"of another port, by its name", nas2 + "/", &ofNas},
		{"of another port, by the name of this one", nas2 + "/", named("__Host-sparekey-9443", ofNas)},
		{"by the name of another port", nas + "/", named("__Host-sparekey", ofNas)},
		{"of a host that nobody has configured", "https://other.example.com/", &own},
		{"of the portal, there", "https://other.example.com/", &ofPortal},
	} {
		if got := inBackground(t, b, tc.address, tc.cookie); got != http.StatusUnauthorized {
			t.Errorf("%s: got status %d, want 401", tc.name, got)
		}
	}
	fresh := w.Browser()
	u, _ := url.Parse(nas2)
	fresh.Client.Jar.SetCookies(u, []*http.Cookie{{Name: ofNas.Name, Value: ofNas.Value, Path: "/", Secure: true}})
	fresh.Get(nas2 + "/").Want("sign-in")
	if c := cookieAt(t, fresh, nas); c == nil || c.Value != ofNas.Value {
		t.Error("the cookie of another port is gone")
	}
	u, _ = url.Parse(portal)
	fresh.Client.Jar.SetCookies(u, []*http.Cookie{{Name: own.Name, Value: own.Value, Path: "/", Secure: true}})
	fresh.Get(portal + "/.sparekey/account").Want("sign-in")
	fresh.Get("https://other.example.com/").Want("refused")
}

// TestA26_ACookieIsOpenedForItsHost by a gate that has never seen it, too.
func TestA26_ACookieIsOpenedForItsHost(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := come(w, w.Browser(), alice, photos+"/")
	for _, host := range []string{photos, album, nas, ""} {
		g := guard.New(guard.Config{Accounts: w.Engine, Keys: w.Keys, Now: w.Clock.Now})
		if got := g.Check(t.Context(), guard.Question{Cookie: cookieAt(t, b, photos).Value, Host: host}).OK(); got != (host == photos) {
			t.Errorf("the cookie of %s at %q: got %v", photos, host, got)
		}
		g.Close()
	}
}

// TestSE03_NothingStoredMakesACookie that any host takes: neither the store nor
// the root key has what is in one.
func TestSE03_NothingStoredMakesACookie(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	robin := bob()
	w.Invite(robin)
	b := come(w, w.Browser(), alice, photos+"/")
	begin(w, b, alice, recovery.KindStepUp)
	inApp(w, b.Get(photos+"/"), photos+"/")
	right, ok := recovery.OpenHostCookie(w.Keys, cookieAt(t, b, photos).Value, photos)
	if !ok {
		t.Fatal("the right one does not open")
	}
	row := account(t, w, "alice").Sessions[0]
	forged := func(edit func(*recovery.HostCookie)) string {
		c := right
		edit(&c)
		sealed, err := c.Seal(w.Keys)
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	allowed := func(value string) bool {
		return w.Guard.Check(t.Context(), guard.Question{Cookie: value, Host: photos}).OK()
	}
	if !allowed(forged(func(*recovery.HostCookie) {})) {
		t.Fatal("the right one is refused")
	}
	for _, value := range []string{
		"", row.Host, row.HostBefore, row.TokenHash, row.Before, row.ID, secret.Derive(row.TokenHash, "host"), secret.Derive(row.Host, "host"),
		secret.Derive("", "host"), secret.Sum(row.Host), string(w.Keys.MAC("host", row.TokenHash)), string(w.Keys.MAC("host", row.Host)),
	} {
		if allowed(forged(func(c *recovery.HostCookie) { c.Value = value })) {
			t.Errorf("a cookie made with %q is taken", value)
		}
	}
	for name, edit := range map[string]func(*recovery.HostCookie){
		"another account":         func(c *recovery.HostCookie) { c.Account = account(t, w, robin.Name).ID },
		"no account":              func(c *recovery.HostCookie) { c.Account = "" },
		"an account there is not": func(c *recovery.HostCookie) { c.Account = secret.Token(16) },
		"another session":         func(c *recovery.HostCookie) { c.Session = secret.Token(9) },
		"another host":            func(c *recovery.HostCookie) { c.Host = secret.Sum(nas)[:22] },
	} {
		if allowed(forged(edit)) {
			t.Errorf("with %s it is taken", name)
		}
	}
}

// TestSE03_CookiesOfAKeyThatIsGone are as none; those of one that was replaced
// still open.
func TestSE03_CookiesOfAKeyThatIsGone(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := come(w, w.Browser(), alice, photos+"/")
	q := guard.Question{Cookie: cookieAt(t, b, photos).Value, Host: photos}
	newest, err := secret.NewKeys(secret.NewRoot())
	if err != nil {
		t.Fatal(err)
	}
	both, err := secret.NewKeys(secret.NewRoot())
	if err != nil {
		t.Fatal(err)
	}
	both.Use(newest, w.Keys)
	for _, tc := range []struct {
		name string
		keys *secret.Keys
		want guard.Reason
	}{{"gone", newest, guard.DeniedAnonymous}, {"replaced", both, guard.Allowed}, {"no keys at all", nil, guard.DeniedAnonymous}} {
		g := guard.New(guard.Config{Accounts: w.Engine, Keys: tc.keys, Now: w.Clock.Now})
		defer g.Close()
		if got := g.Check(t.Context(), q).Reason; got != tc.want {
			t.Errorf("%s: got reason %d, want %d", tc.name, got, tc.want)
		}
	}
}

// TestA56_HostCookiesThatAreNone get 401, whatever is done to a right one.
func TestA56_HostCookiesThatAreNone(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := come(w, w.Browser(), alice, photos+"/")
	right := cookieAt(t, b, photos).Value
	random := rand.New(rand.NewPCG(1, 2))
	values := []string{"", strings.Repeat("A", 8192), "\x00", right[:len(right)/2], right + "A", right + right, strings.ToUpper(right)}
	for range 2000 {
		changed := []byte(right)
		changed[random.IntN(len(changed)-3)] ^= byte(1 + random.IntN(255)) // the last letters may mean the same
		values = append(values, string(changed))
	}
	for i, v := range values {
		if got := w.Guard.Check(t.Context(), guard.Question{Cookie: v, Host: photos}).Reason; got != guard.DeniedAnonymous {
			t.Fatalf("value %d: got reason %d, want nobody", i, got)
		}
	}
}

// TestSE07_IdentitiesAreNeverMixed: two people, three hosts, a thousand requests
// side by side, while what is cached is thrown away again and again.
func TestSE07_IdentitiesAreNeverMixed(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	robin := bob()
	w.Invite(robin)
	type asked struct {
		q    guard.Question
		want string
	}
	var list []asked
	for _, p := range []*recoverytest.Person{alice, robin} {
		b := come(w, w.Browser(), p, photos+"/")
		for _, origin := range []string{photos, album, nas} {
			inApp(w, b.Get(origin+"/"), origin+"/")
			list = append(list, asked{guard.Question{Cookie: cookieAt(t, b, origin).Value, Host: origin}, p.Name})
		}
		list = append(list, asked{guard.Question{Cookie: cookieAt(t, b, portal).Value}, p.Name})
	}
	wrong := make(chan string, 1000)
	for n := range 1000 {
		go func() {
			a := list[n%len(list)]
			d := w.Guard.Check(t.Context(), a.q)
			if !d.OK() || d.Identity.User != a.want {
				wrong <- fmt.Sprintf("request %d: got reason %d, %v, want %s", n, d.Reason, d.Identity, a.want)
				return
			}
			wrong <- ""
		}()
	}
	for n := range 1000 {
		if n%50 == 0 {
			change(t, w, list[n%len(list)].want, func(a *recovery.Account) { a.Lang = "en" })
		}
		if said := <-wrong; said != "" {
			t.Error(said)
		}
	}
}
