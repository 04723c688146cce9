package web_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// addressed lists what a page makes a browser send as an address: a fragment is
// not sent.
func addressed(b *recoverytest.Browser) string {
	out := b.URL.Path + "?" + b.URL.RawQuery
	for _, m := range regexp.MustCompile(`(?:href|src|action)="([^"#]*)`).FindAllStringSubmatch(b.Body, -1) {
		out += " " + m[1]
	}
	return out
}

// The secret of a "this wasn't me" link is in no address, so in no access log and
// no Referer: it stands behind the '#', and people without scripts type it.
func TestClosingSecretsStandInNoAddress(t *testing.T) {
	for _, tc := range []struct {
		name  string
		typed func(secret string) string
		press []string
		want  recovery.State
		event recovery.EventName
	}{
		{"as a script puts it there", func(s string) string { return s }, nil, recovery.StateFrozen, recovery.EventFrozen},
		{"typed by hand", func(s string) string { return strings.ToLower(strings.ReplaceAll(s, "-", " ")) }, nil, recovery.StateFrozen, recovery.EventFrozen},
		{"stop this only", func(s string) string { return s }, []string{"choice", "only"}, recovery.StateActive, recovery.EventSessionsEnded},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, alice := withFactor(t)
			enter(t, w, w.Browser(), alice)
			enter(t, w, w.Browser(), alice)
			link := linksTo(w, alice.Mail)[0]
			page, secret, ok := strings.Cut(link, "#")
			if !ok || len(secret) != 19 || strings.Contains(page, "?") {
				t.Fatalf("got the link %s, want 16 characters in fours behind a #", link)
			}
			b := w.Browser().Get(page).Want("stop")
			b.Submit("code", tc.typed(secret), "choice", "look").Want("stop")
			if a := account(t, w, "alice"); a.State != recovery.StateActive || len(a.Sessions) == 0 || !strings.Contains(b.Text(), "To open it again") {
				t.Fatalf("got %s with %d sessions, want nothing changed and the page that says what opens it: %s", a.State, len(a.Sessions), b.Text())
			}
			if sent := addressed(b); strings.Contains(sent, secret) || !strings.Contains(b.Body, "/.sparekey/stop?lang=fr#") {
				t.Errorf("got %s, want the secret behind the # of the language link only", sent)
			}
			if tc.press == nil {
				b.Post("/.sparekey/stop", b.Hidden("")).Want("stop")
			} else {
				b.Submit(tc.press...)
			}
			if got := account(t, w, "alice").State; got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if sent := addressed(b); strings.Contains(sent, secret) {
				t.Errorf("got %s, want no secret in it", sent)
			}
			logged(w, tc.event, 1)
			if e := w.Events.Last(tc.event); e.Network == "" || e.Actor != "closing link" || !strings.Contains(e.Detail, string(recovery.EventNewDevice)) {
				t.Errorf("got %+v, want from where, and which notice was pressed", e)
			}
		})
	}
}

// A code that is none closes nothing, and the page says so.
func TestClosingSecretsThatAreNone(t *testing.T) {
	w, _ := withFactor(t)
	for _, code := range []string{"", "AAAA-BBBB-CCCC-DDDD", "x"} {
		b := w.Browser().Get("/.sparekey/stop").Want("stop").Submit("code", code, "choice", "look")
		if b.Want("refused"); b.Status != 404 {
			t.Errorf("%q: got status %d, want 404", code, b.Status)
		}
	}
}
