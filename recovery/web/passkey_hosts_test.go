package web_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// twoHosts is alice with a passkey that is good at both hosts of a domain.
func twoHosts(t *testing.T) (k *passkeyed, at, elsewhere *recoverytest.Browser) {
	t.Helper()
	w := recoverytest.New(t, recoverytest.WithTLS(), recoverytest.WithPolicy(func(p *recovery.Policy) { p.Passkeys = "example.com" }))
	w.Web.Origins = []string{photos, "https://album.example.com"}
	k = &passkeyed{World: w, alice: recoverytest.Alice()}
	at, elsewhere = browserAt(w, photos), browserAt(w, "https://album.example.com")
	k.phone = &recoverytest.Authenticator{TB: t, Origin: photos}
	code, err := w.Engine.OpenSetup(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at.Get("/.sparekey/setup").Submit("code", code).Want("setup")
	at.Submit("name", k.alice.Name, "mail", k.alice.Mail, "phone", k.alice.Phone, "new_password", k.alice.Password)
	w.Confirm(at, k.alice)
	return k, k.makes(at, k.phone, "my phone"), elsewhere
}

// browserAt is a browser for which a name leads to the server.
func browserAt(w *recoverytest.World, origin string) *recoverytest.Browser {
	b := recoverytest.NewBrowser(w.TB, origin)
	b.Client.Transport = &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // it answers for any name
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, w.Server.Listener.Addr().String())
		},
	}
	return b
}

// copies has a browser show the cookies of another one at its own host.
func copies(to, from *recoverytest.Browser) {
	to.TB.Helper()
	jar := func(b *recoverytest.Browser) (http.CookieJar, *url.URL) {
		u, err := url.Parse(b.Base)
		if err != nil {
			b.TB.Fatal(err)
		}
		return b.Client.Jar, u
	}
	own, there := jar(to)
	list, here := jar(from)
	own.SetCookies(there, list.Cookies(here))
}

// TestMF10_ACeremonyOfOneHostIsNotFinishedOnAnother, even where one passkey is good
// at both and the cookies have got there: for a second factor, on the sign-in page,
// and when one is made. Where it was begun it goes on.
func TestMF10_ACeremonyOfOneHostIsNotFinishedOnAnother(t *testing.T) {
	t.Parallel()
	k, seat, elsewhere := twoHosts(t)
	there := &recoverytest.Authenticator{TB: t, Origin: elsewhere.Base, Keys: k.phone.Keys}
	refused := func(what string) {
		t.Helper()
		if elsewhere.Status != http.StatusUnprocessableEntity || k.SignedIn(elsewhere) {
			t.Errorf("%s: got page %q, status %d: %s", what, elsewhere.Page(), elsewhere.Status, elsewhere.Text())
		}
	}
	b := k.password(browserAt(k.World, photos))
	copies(elsewhere, b)
	elsewhere.Post("/.sparekey/", url.Values{"flow": {flowOf(b)}, "code": {there.Get(b.Ceremony())}})
	refused("the second factor")
	if !k.SignedIn(b.Passkey(k.phone.Get(b.Ceremony()))) {
		t.Fatalf("where it was begun: %s", b.Text())
	}

	b = browserAt(k.World, photos)
	asked := b.Post("/.sparekey/passkey", recoverytest.Fields()).Body
	copies(elsewhere, b)
	elsewhere.Post("/.sparekey/", recoverytest.Fields("start", "login", "code", there.Get(asked)))
	refused("the sign-in page")
	if b.Post("/.sparekey/", recoverytest.Fields("start", "login", "code", k.phone.Get(asked))); !k.SignedIn(b) {
		t.Errorf("where it was asked: %s", b.Text())
	}

	seat.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindAddFactor))).Want("factor")
	seat.Passkey(k.phone.Get(seat.Ceremony())).Want("choice").Submit("method", recovery.Passkey).Want("enroll")
	copies(elsewhere, seat)
	elsewhere.Post("/.sparekey/", url.Values{"flow": {flowOf(seat)}, "code": {there.Create(seat.Ceremony())}})
	if elsewhere.Page() != "enroll" || elsewhere.Status != http.StatusUnprocessableEntity || len(k.rows()) != 1 {
		t.Errorf("one that is made: got page %q, status %d, %d passkeys", elsewhere.Page(), elsewhere.Status, len(k.rows()))
	}
}

// TestPasskeysFromBeforeThePortal: where people sign in at a portal now, a passkey of a
// host cannot be shown any more. Its page says so, what else there is signs in, and a
// new one is made beside it.
func TestPasskeysFromBeforeThePortal(t *testing.T) {
	t.Parallel()
	k, _, _ := twoHosts(t)
	change(t, k.World, k.alice.Name, func(a *recovery.Account) { // made before there was a domain for both
		a.Credentials = asIfAt(a.Credentials, "photos.example.com")
	})
	k.Policy.Passkeys = ""
	k.Web.Portal, k.Web.Origins = portal, []string{photos}
	b := browserAt(k.World, portal)
	b.Get(photos+"/album").Want("sign-in").Submit("name", k.alice.Name, "password", k.alice.Password).Want("factor")
	b.Get("/.sparekey/choose?f="+flowOf(b)).Submit("method", recovery.Passkey).Want("factor")
	if text := b.Text(); b.Ceremony() != "" || !strings.Contains(text, "before people signed in at this one") || !strings.Contains(text, "photos.example.com") {
		t.Errorf("the page says %s", text)
	}
	b.Get("/.sparekey/choose?f="+flowOf(b)).Submit("method", recovery.RecoveryCode).Submit("code", k.alice.Codes[0])
	inApp(k.World, b, photos+"/album")
	b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindAddFactor))).Want("factor")
	if b.Ceremony() != "" {
		t.Error("the old passkey is asked for")
	}
	fresh := &recoverytest.Authenticator{TB: t, Origin: portal}
	k.makes(b.Submit("code", k.alice.Codes[1]), fresh, "here")
	last := k.password(browserAt(k.World, portal))
	last.Passkey(fresh.Get(last.Ceremony())).Want("account")
	if n := len(k.rows()); n != 2 {
		t.Errorf("got %d passkeys, want the old one, too", n)
	}
}

// asIfAt is a list of credentials whose passkeys were made for another domain.
func asIfAt(list []recovery.Credential, domain string) []recovery.Credential {
	for i, c := range list {
		var row method.PasskeyRow
		if c.Method == recovery.Passkey && json.Unmarshal(c.Data, &row) == nil {
			row.RP = domain
			list[i].Data, _ = json.Marshal(row)
		}
	}
	return list
}

// TestMF11_OneCounterAtOnce: of answers that come together with one number one signs
// in.
func TestMF11_OneCounterAtOnce(t *testing.T) {
	t.Parallel()
	k, _ := withPasskey(t)
	k.phone.Keys[0].Next(7)
	var wg sync.WaitGroup
	list := make([]*recoverytest.Browser, 3)
	for i := range list {
		list[i] = k.password(k.Browser())
	}
	for _, b := range list {
		answer := k.phone.Get(b.Ceremony())
		wg.Go(func() { b.Passkey(answer) })
	}
	wg.Wait()
	in := 0
	for _, b := range list {
		if k.SignedIn(b) {
			in++
		}
	}
	if row := k.rows()[0].Row; in != 1 || row.Count != 7 {
		t.Errorf("got %d signed in, and the number %d", in, row.Count)
	}
}

// TestMF11_APasskeyThatSyncsNow is refused once, told, and taken for what it is now
// after something else was shown.
func TestMF11_APasskeyThatSyncsNow(t *testing.T) {
	t.Parallel()
	k, _ := withPasskey(t)
	k.phone.Synced = true
	b := k.password(k.Browser())
	if b.Passkey(k.phone.Get(b.Ceremony())).Want("factor"); k.SignedIn(b) {
		t.Fatal("signed in by one that was bound to its device and is copied now")
	}
	if n := len(notices(k.World, k.alice.Mail, recovery.EventPasskeyChanged)); n != 1 {
		t.Errorf("got %d notices", n)
	}
	again := k.password(k.Browser())
	if !k.SignedIn(again.Submit("code", k.alice.Codes[0])) {
		t.Fatalf("no way in beside it: %s", again.Text())
	}
	last := k.password(k.Browser())
	if !k.SignedIn(last.Passkey(k.phone.Get(last.Ceremony()))) {
		t.Errorf("not taken afterwards: %s", last.Text())
	}
	if row := k.rows()[0].Row; !row.Eligible || row.Doubt != "" {
		t.Errorf("got %+v", row)
	}
}
