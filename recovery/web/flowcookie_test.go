package web_test

import (
	"bytes"
	"encoding/binary"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/web"
	"github.com/caddy-sparekey/sparekey/templates"
)

// flowPages parses the templates once: a server wants them, these tests do not.
var flowPages = sync.OnceValues(func() (*templates.Set, error) { return templates.New(nil) })

// flowServer is what reads and writes flow cookies: keys by a letter each,
// newest first, and a clock.
func flowServer(tb testing.TB, roots string, now time.Time) *web.Server {
	tb.Helper()
	var all [][]byte
	for _, root := range roots {
		all = append(all, bytes.Repeat([]byte(string(root)), secret.KeySize))
	}
	k, err := secret.NewKeys(all...)
	if err != nil {
		tb.Fatal(err)
	}
	pages, err := flowPages()
	if err != nil {
		tb.Fatal(err)
	}
	return &web.Server{Engine: &engine.Engine{Keys: k, Now: func() time.Time { return now }}, Pages: pages}
}

// sent is a request with a flow cookie.
func sent(cookie string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/.sparekey/", nil)
	r.Header.Set("Cookie", web.CookieName("sparekey-flow", r.TLS != nil, r.Host)+"="+cookie)
	return r
}

// written makes a cookie of tokens, the last one newest.
func written(tb testing.TB, s *web.Server, tokens ...string) string {
	tb.Helper()
	cookie := ""
	for _, token := range tokens {
		w := httptest.NewRecorder()
		web.AddFlow(s, w, sent(cookie), token)
		set := w.Result().Cookies()
		if len(set) != 1 || set[0].MaxAge != 3600 {
			tb.Fatalf("got cookies %v, want one for an hour", set)
		}
		cookie = set[0].Value
	}
	return cookie
}

// flowTokens is what a browser's flow cookie holds.
func flowTokens(tb testing.TB, w *recoverytest.World, b *recoverytest.Browser) []string {
	tb.Helper()
	return web.FlowTokens(w.Engine, sent(b.Cookie("sparekey-flow").Value))
}

// oldFlow makes a token as before: letters, and a MAC of them.
func oldFlow(k *secret.Keys, random string) string {
	return random + secret.Sum(string(k.MAC("flow token", random)))[:22]
}

// damage changes a letter in the middle of one of the cookie's values.
func damage(cookie string, i int) string {
	values := strings.Split(cookie, ".")
	at := len(values[i]) / 2
	letter := "A"
	if values[i][at] == 'A' {
		letter = "B"
	}
	values[i] = values[i][:at] + letter + values[i][at+1:]
	return strings.Join(values, ".")
}

func TestFlowCookieOpens(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 999, time.UTC)
	tokens := []string{secret.Token(32), secret.Token(32), secret.Token(32), secret.Token(32)} // newest first
	cookie := written(t, flowServer(t, "a", now), tokens[3], tokens[2], tokens[1], tokens[0])
	keys := flowServer(t, "a", now).Engine.Keys
	other := keys.SignCookie("sparekey-device", append(binary.BigEndian.AppendUint32(nil, uint32(now.Unix())), tokens[0]...))
	old := oldFlow(keys, secret.Token(32))
	values := strings.Split(cookie, ".")

	for _, tc := range []struct {
		name, roots, cookie string
		later               time.Duration
		want                []string
	}{
		{"as written", "a", cookie, 0, tokens},
		{"a new key before the old one", "ba", cookie, 0, tokens},
		{"a removed key", "b", cookie, 0, nil},
		{"signed for another cookie", "a", other, 0, nil},
		{"after an hour", "a", cookie, time.Hour, tokens},
		{"after an hour and a second", "a", cookie, time.Hour + time.Second, nil},
		{"written by a clock that is ahead", "a", cookie, -5 * time.Minute, tokens},
		{"written by a clock that was put back", "a", cookie, -6 * time.Minute, nil},
		{"the first damaged", "a", damage(cookie, 0), 0, tokens[1:]},
		{"the second damaged", "a", damage(cookie, 1), 0, []string{tokens[0], tokens[2], tokens[3]}},
		{"the last damaged", "a", damage(cookie, 3), 0, tokens[:3]},
		{"cut in the last", "a", cookie[:len(cookie)-10], 0, tokens[:3]},
		{"more than four", "a", strings.Join([]string{"x", values[3], values[2], values[1], values[0]}, "."), 0, []string{tokens[3], tokens[2], tokens[1]}},
		{"too long", "a", cookie + "." + strings.Repeat("x", 600), 0, nil},
		{"a bare token", "a", tokens[0], 0, nil},
		{"dots", "a", "....", 0, nil},
		{"the form before", "a", old, 0, []string{old}},
		{"the form before, under an older key", "ba", old, 0, []string{old}},
		{"the form before, under a removed key", "b", old, 0, nil},
		{"the form before, damaged", "a", damage(old, 0), 0, nil},
		{"both forms", "a", values[0] + "." + old, 0, []string{tokens[0], old}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := web.FlowTokens(flowServer(t, tc.roots, now.Add(tc.later)).Engine, sent(tc.cookie))
			if !slices.Equal(got, tc.want) {
				t.Errorf("got tokens %q, want %q", got, tc.want)
			}
		})
	}
}

// Four tabs take 600 bytes at most; a fifth takes the place of the oldest.
func TestFlowCookieOfFourTabs(t *testing.T) {
	const tabs, most = 4, 600
	w := recoverytest.New(t, recoverytest.WithTLS())
	b := w.Browser().NoFollow()
	for i := range tabs + 1 {
		b.Get("/.sparekey/recover").Submit("name", "nobody")
		set := b.Answer.Values("Set-Cookie")
		if len(set) != 1 || len(set[0]) > most {
			t.Fatalf("tab %d: got %q, want one cookie of at most %d bytes with its name and marks", i+1, set, most)
		}
		if got, want := len(flowTokens(t, w, b)), min(i+1, tabs); got != want {
			t.Errorf("tab %d: got %d tokens, want %d", i+1, got, want)
		}
	}
	t.Logf("%d tabs: %d bytes", tabs, len(b.Cookie("sparekey-flow").Value))
}

// plant puts a flow cookie into a browser.
func plant(t *testing.T, b *recoverytest.Browser, value string) {
	t.Helper()
	at, err := url.Parse(b.Base)
	if err != nil {
		t.Fatal(err)
	}
	name := web.CookieName("sparekey-flow", false, at.Host)
	b.Client.Jar.SetCookies(at, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// newTab begins a recovery in a tab and returns the address of its page.
func newTab(b *recoverytest.Browser) string {
	b.Get("/.sparekey/recover").Submit("name", "nobody").Want("sent")
	return b.URL.RequestURI()
}

func TestTK07_ADamagedTokenLeavesTheOtherTabs(t *testing.T) {
	w := recoverytest.New(t)
	b := w.Browser()
	var tabs []string // newest first, like the cookie
	for range 4 {
		tabs = slices.Insert(tabs, 0, newTab(b))
	}
	plant(t, b, damage(b.Cookie("sparekey-flow").Value, 1))
	for i, tab := range tabs {
		want := "sent"
		if i == 1 {
			want = "refused"
		}
		b.Get(tab).Want(want)
	}
	tabs[1] = newTab(b)
	for _, tab := range tabs {
		b.Get(tab).Want("sent")
	}
}

// What somebody else put into the flow cookie stops nobody, opens nothing and
// is gone when a flow begins. Only what this place signed for the thief's own
// browser stays, beside the token of the new flow.
func TestSE01_APlantedFlowCookieIsReplaced(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	thief := w.Browser()
	theirs := newTab(thief)
	own := thief.Cookie("sparekey-flow").Value
	for name, value := range map[string]string{
		"letters":               strings.Repeat("A", 65),
		"as long as ours":       strings.Repeat("A", 124),
		"dots":                  "....",
		"too long":              strings.Repeat("A", 4000),
		"signed with no key":    written(t, flowServer(t, "x", w.Clock.Now()), secret.Token(32)),
		"of the thief's own":    own,
		"of before, no key":     oldFlow(flowServer(t, "x", w.Clock.Now()).Engine.Keys, secret.Token(32)),
		"not even base64 !%/\\": "!%/|",
	} {
		t.Run(name, func(t *testing.T) {
			b := w.Browser()
			plant(t, b, value)
			mine := b.Get("/").Want("sign-in").Submit("name", "alice", "password", alice.Password).Want("factor").URL.RequestURI()
			if got := b.Cookie("sparekey-flow").Value; value != own && strings.Contains(got, value) {
				t.Errorf("got cookie %q, want nothing of the planted %q", got, value)
			}
			thief.Get(mine).Want("refused")
			thief.Get(theirs).Want("sent")
			w.Clock.Move(time.Minute)
			if b.Submit("code", recoverytest.TOTP(w, alice.Key)); !w.SignedIn(b) {
				t.Errorf("got page %q, want to be signed in", b.Page())
			}
		})
	}
}

// A browser that began a flow before an update goes on with it, and so do its
// other tabs.
func TestFlowOfTheFormBeforeGoesOn(t *testing.T) {
	w := recoverytest.New(t)
	b := w.Browser()
	before := newTab(b)
	token := oldFlow(w.Keys, secret.Token(32))
	id := b.Hidden("code").Get("flow")
	_, err := kv.Update(t.Context(), w.Engine.Store, "flow/"+secret.Sum(id), w.Clock.Now().Add(time.Hour), func(f *recovery.Flow, _ bool) error {
		f.Binding = secret.Sum(token)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	plant(t, b, token)
	b.Get(before).Want("sent").Submit("code", "AAAA-AAAA").Want("sent")
	after := newTab(b)
	b.Get(before).Want("sent")
	b.Get(after).Want("sent")
	w.Browser().Get(before).Want("refused")
}

// Reaching people may take an hour from when they are asked, which is longer
// than the cookie lives that was written when the flow began.
func TestWaitingForPeopleOutlivesTheFirstFlowCookie(t *testing.T) {
	w, alice, _, _, _ := vouchers(t)
	change(t, w, "alice", func(a *recovery.Account) {
		a.TrustedContacts = append(a.TrustedContacts, recovery.TrustedContact{ID: "somebody else", Name: "carol"})
	})
	b := w.Browser().Get("/.sparekey/recover").Submit("name", "alice").Submit("method", "recovery_code").Submit("code", alice.Codes[0])
	w.Clock.Move(10 * time.Minute)
	waiting := b.Want("choice").Submit("choice", "both").Want("sent").Submit("method", "contact").Want("factor").URL.RequestURI()
	first := b.Cookie("sparekey-flow").Value
	w.Clock.Move(59 * time.Minute)
	if b.Get(waiting).Want("factor").Cookie("sparekey-flow").Value != first {
		t.Error("looking at a page wrote the cookie anew, want that only when the flow would outlive it")
	}
	w.Clock.Move(2 * time.Minute)
	if got := flowTokens(t, w, b); len(got) != 0 {
		t.Errorf("got tokens %q after the flow, want none", got)
	}
}

// The tokens are the same in each process: go test fuzzes in several, and keeps
// what they found.
func FuzzFlowCookie(f *testing.F) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	s := flowServer(f, "dc", now)
	tokens := []string{secret.Sum("one"), secret.Sum("two"), oldFlow(s.Engine.Keys, secret.Sum("before"))}
	whole := written(f, s, tokens...)
	for _, cookie := range []string{"", ".", "....", whole, damage(whole, 1), whole + "." + whole, whole[:100], tokens[0]} {
		f.Add(cookie)
	}
	f.Fuzz(func(t *testing.T, cookie string) {
		got := web.FlowTokens(s.Engine, sent(cookie))
		if len(got) > 4 {
			t.Errorf("%q: got %d tokens, want at most 4", cookie, len(got))
		}
		for _, token := range got {
			if !slices.Contains(tokens, token) {
				t.Errorf("%q: got token %q, which was never made", cookie, token)
			}
		}
	})
}
