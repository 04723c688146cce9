package web_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

const anyKey = "sk_aaaaaaaaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbbbbbbbb"

// TestAppsKeepTheirOwnCredentials, however much they look like a key.
func TestAppsKeepTheirOwnCredentials(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"Bearer of-the-app", "Basic " + encoded("anna:correct horse"), "Bearer eyJhbGciOiJIUzI1NiJ9.ask_me.x", "Bearer SK_x", "Bearer sk-proj-x", "Basic " + encoded("desk_1:task_2"),
		"Basic " + encoded("a:b sk_"), "Digest username=\"anna\", realm=\"x\", uri=\"/disk_1\"", "Negotiate YIIsk_", "", "Basic", "Basic !", "MediaBrowser Token=\"disk_2\"",
	} {
		h := http.Header{"Authorization": {value}}
		if scrub(&http.Request{Header: h}); len(h["Authorization"]) != 1 || h["Authorization"][0] != value {
			t.Errorf("%q: got %q, want it left alone", value, h["Authorization"])
		}
	}
}

// TestAccessKeysAreTakenOff whatever is wrong with them, and however they are
// written; every other line stays.
func TestAccessKeysAreTakenOff(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"Bearer " + anyKey, "bearer\t" + anyKey, anyKey, "Token token=\"" + anyKey + "\"", "Bearer " + anyKey[:40], "Bearer x, Bearer " + anyKey, "Bearer sk_",
		"Basic " + encoded("anna:"+anyKey), "BASIC " + encoded(anyKey+":"), "basic   " + encoded(":"+anyKey), "Basic " + strings.TrimRight(encoded("ann:"+anyKey), "="),
		"Basic " + base64.URLEncoding.EncodeToString([]byte("?>:"+anyKey)), "Basic " + encoded("a:" + anyKey)[:20], "Basic\t" + encoded("x:"+anyKey), "Basic " + encoded("a:b:"+anyKey),
	} {
		h := http.Header{"Authorization": {"Bearer first", value, "Bearer last"}, "Sparekey-Key": {anyKey}, "Sparekey_key": {"x"}, "Sparekey.key": {"x"}, "X-Api-Key": {"mine"}}
		scrub(&http.Request{Header: h})
		if got := strings.Join(h["Authorization"], "|"); got != "Bearer first|Bearer last" || len(h) != 2 {
			t.Errorf("%q: got %v, want the other lines, and no key", value, h)
		}
	}
}

func scrub(r *http.Request) { web.Front{}.Scrub(r) }

func encoded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// FuzzAccessKeys: whatever stands around a key, none is left, and no request is
// believed to show one that it does not show.
func FuzzAccessKeys(f *testing.F) {
	for _, seed := range [][2]string{{"Bearer ", ""}, {"Basic ", ""}, {"basic \t", "="}, {"Bearer a, Bearer ", ", x"}, {"Token token=\"", "\""}, {"", ""}} {
		f.Add(seed[0], seed[1], true)
		f.Add(seed[0], seed[1], false)
	}
	f.Fuzz(func(t *testing.T, before, after string, hidden bool) {
		key := anyKey
		if hidden {
			key = encoded("anna:" + anyKey)
		}
		value := before + key + after
		r := httptest.NewRequest(http.MethodGet, "http://localhost/api/x", nil)
		r.Header["Authorization"] = []string{value}
		shown := new(web.Server).Question(r, &guard.Rules{Keys: []string{"/api/*"}}).Key
		if id, _ := recovery.SplitKey(shown); id != "" && shown != anyKey {
			t.Fatalf("%q: got %q, want the key or none", value, shown)
		}
		scrub(r)
		left := strings.Join(r.Header["Authorization"], " ")
		_, password, ok := (&http.Request{Header: r.Header}).BasicAuth()
		if ok && strings.HasPrefix(password, "sk_") || strings.Contains(left, " "+anyKey) || strings.HasPrefix(left, anyKey) {
			t.Fatalf("%q: got %q left", value, left)
		}
	})
}

// TestTakingKeysOffIsFree for those who use none: the app's own credentials come
// with each of its requests.
func TestTakingKeysOffIsFree(t *testing.T) {
	if recoverytest.UnderRace(t) {
		t.Skip("allocations are the race detector's")
	}
	for name, h := range map[string]http.Header{
		"none":   {"Accept": {"*/*"}},
		"Basic":  {"Accept": {"*/*"}, "Authorization": {"Basic " + encoded("anna:"+strings.Repeat("correct horse", 20))}},
		"Bearer": {"Accept": {"*/*"}, "Authorization": {"Bearer " + strings.Repeat("ask_", 300)}},
	} {
		r := &http.Request{Header: h}
		if n := testing.AllocsPerRun(100, func() { scrub(r) }); n != 0 {
			t.Errorf("%s: got %v allocations, want none", name, n)
		}
	}
}
