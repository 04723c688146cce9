package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestSE05_StreamsEndWithTheirSession opens requests that never end by
// themselves and ends their session in every way. Those of others go on.
func TestSE05_StreamsEndWithTheirSession(t *testing.T) {
	w := recoverytest.New(t, func(w *recoverytest.World) { w.App = http.HandlerFunc(recoverytest.StreamApp) })
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	kinds := []string{"ws", "events", "silent", "upload"}
	stays := openAll(w, comeIn(w, alice), kinds)
	const here = 1500 * time.Millisecond // a second, and what a busy machine takes
	for _, tc := range []struct {
		name string
		end  func(*recoverytest.Browser)
	}{
		{"signed out", func(b *recoverytest.Browser) { b.Post("/.sparekey/logout", url.Values{}).Want("signed-out") }},
		{"signed out by an administrator", func(*recoverytest.Browser) { manage(t, w, alice, robin, recovery.ActionSignOut) }},
		{"disabled", func(*recoverytest.Browser) {
			manage(t, w, alice, robin, recovery.ActionDisable)
			manage(t, w, alice, robin, recovery.ActionEnable)
		}},
		{"recovered", func(*recoverytest.Browser) { w.LostPhone(w.Browser(), robin) }},
		{"closed by a notice", func(*recoverytest.Browser) { closes(t, w, robin.Mail) }},
	} {
		b := comeIn(w, robin)
		list := openAll(w, b, kinds)
		if !w.Running() {
			kinds = []string{"events", "silent"} // the others ignore their context here, and take a second each time
		}
		tc.end(b)
		recoverytest.WantOver(t, tc.name, list, here)
		recoverytest.WantOpen(t, tc.name, stays)
	}
	w.Clock.Move(w.Policy.Lifetimes.SessionIdle)
	recoverytest.WantOver(t, "idle", stays, here+time.Second)
}

// comeIn signs in where the app never ends an answer.
func comeIn(w *recoverytest.World, p *recoverytest.Person) *recoverytest.Browser {
	w.TB.Helper()
	w.Clock.Move(time.Minute) // a code of the authenticator counts once
	b := w.Browser()
	b.Get("/.sparekey/login").Submit("name", p.Name, "password", p.Password).Want("factor")
	b.Submit("code", recoverytest.TOTP(w, p.Key))
	return b
}

func manage(t *testing.T, w *recoverytest.World, by, p *recoverytest.Person, do recovery.Action) {
	t.Helper()
	if err := w.Engine.Manage(t.Context(), account(t, w, by.Name), account(t, w, p.Name).ID, do, "left the house"); err != nil {
		t.Fatal(err)
	}
}

// openAll opens a request of each kind with the cookies of a browser.
func openAll(w *recoverytest.World, b *recoverytest.Browser, kinds []string) []recoverytest.OpenRequest {
	w.TB.Helper()
	var cookies []string
	for _, c := range b.Client.Jar.Cookies(b.URL) {
		cookies = append(cookies, c.String())
	}
	var list []recoverytest.OpenRequest
	for _, kind := range kinds {
		list = append(list, recoverytest.Open(w.TB, b.Client.Transport, w.Server.URL+"/"+kind, strings.Join(cookies, "; ")))
	}
	return list
}
