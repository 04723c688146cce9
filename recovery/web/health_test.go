package web_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// askHealth asks as a load balancer does, and wants nothing but status and word.
func askHealth(t *testing.T, client *http.Client, method, origin string, status int, word string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, origin+"/.sparekey/healthz", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || res.Body.Close() != nil {
		t.Fatal(err)
	}
	if method == http.MethodHead {
		word = ""
	}
	if res.StatusCode != status || strings.TrimSpace(string(body)) != word {
		t.Errorf("%s at %s: got %d %q, want %d %q", method, origin, res.StatusCode, body, status, word)
	}
	if (status == http.StatusServiceUnavailable) != (res.Header.Get("Retry-After") != "") || len(res.Header["Set-Cookie"]) > 0 || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("%s at %s: got %v, want no cookie, nothing kept, and Retry-After with 503 alone", method, origin, res.Header)
	}
}

// A node that cannot read its store says so, also when everything it needs for a page
// is remembered; and strangers hear one word, whatever is wrong.
func TestHealthzTellsWhetherTheStoreCanBeRead(t *testing.T) {
	t.Parallel()
	var fault atomic.Pointer[error]
	f := &memkv.Faulty{Driver: memkv.New(), Before: func(string, string) error {
		if err := fault.Load(); err != nil {
			return *err
		}
		return nil
	}}
	w := recoverytest.New(t, recoverytest.WithDriver(f))
	w.Setup(recoverytest.Alice())
	b := w.Browser()
	origin := w.Server.URL
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		askHealth(t, b.Client, method, origin, http.StatusOK, "ok")
	}
	askHealth(t, b.Client, http.MethodPost, origin, http.StatusMethodNotAllowed, "ask with GET")
	for name, err := range map[string]error{"away": kv.ErrAway, "damaged": kv.ErrDamaged, "too slow": context.DeadlineExceeded} {
		fault.Store(&err)
		t.Run(name, func(t *testing.T) {
			askHealth(t, b.Client, http.MethodGet, origin, http.StatusServiceUnavailable, "unavailable")
		})
	}
	fault.Store(nil)
	askHealth(t, b.Client, http.MethodGet, origin, http.StatusOK, "ok")

	other, err := secret.NewKeys(secret.NewRoot())
	if err != nil {
		t.Fatal(err)
	}
	n := w.Node()
	n.Engine.Store.Sealer = other
	askHealth(t, n.Browser().Client, http.MethodGet, n.Server.URL, http.StatusServiceUnavailable, "unavailable")
	if err := kv.Delete(t.Context(), w.Engine.Store, "check"); err != nil {
		t.Fatal(err)
	}
	askHealth(t, b.Client, http.MethodGet, origin, http.StatusServiceUnavailable, "unavailable")
}

// With a portal each host answers for itself: nothing leads a load balancer elsewhere.
func TestHealthzAtEveryHost(t *testing.T) {
	t.Parallel()
	w, _ := withPortal(t)
	for _, origin := range []string{portal, photos, nas, "https://unknown.example.com"} {
		askHealth(t, w.Browser().NoFollow().Client, http.MethodGet, origin, http.StatusOK, "ok")
	}
}
