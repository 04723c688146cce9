package web_test

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv/boltkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// storeOfBefore is what somebody holds beside a file store that was written
// before the package was split.
type storeOfBefore struct {
	Now                             time.Time
	Root, Session, Invitation, Stop string
	Alice, Robin                    *recoverytest.Person
}

// A store written by an earlier version opens, and its accounts, sessions and
// tickets go on.
func TestAStoreOfBeforeGoesOn(t *testing.T) {
	w, had := openStoreOfBefore(t)

	b := w.Browser()
	at, err := url.Parse(w.Server.URL)
	if err != nil {
		t.Fatal(err)
	}
	b.Client.Jar.SetCookies(at, []*http.Cookie{{Name: web.CookieName("sparekey", false, at.Host), Value: had.Session}})
	if !w.SignedIn(b) {
		t.Error("the session of before is not signed in")
	}
	w.Clock.Move(24 * time.Hour) // the recovery of before is over
	w.SignIn(w.Browser(), had.Robin, "/")

	code := w.Browser()
	code.Get("/.sparekey/login").Submit("name", had.Alice.Name, "password", had.Alice.Password).Want("factor")
	code.Submit("method", recovery.RecoveryCode).Want("factor").Submit("code", had.Alice.Codes[0])
	if !w.SignedIn(code) {
		t.Error("a recovery code of before does not sign in")
	}

	w.Browser().Get("/.sparekey/link").Want("confirm").Submit("code", had.Invitation).Want("new-password")

	// Links of before had the token in the address.
	w.Browser().Get("/.sparekey/stop?t="+had.Stop).Want("stop").Post("/.sparekey/stop", recoverytest.Fields("code", had.Stop))
	if got := account(t, w, "robin").State; got != recovery.StateFrozen {
		t.Errorf("the closing link of before left the account %q", got)
	}
}

// openStoreOfBefore starts a world on a copy of the store, at its time.
func openStoreOfBefore(t *testing.T) (*recoverytest.World, storeOfBefore) {
	t.Helper()
	folder := filepath.Join("testdata", "store-of-before")
	var had storeOfBefore
	text, err := os.ReadFile(filepath.Join(folder, "store.json"))
	if err == nil {
		err = json.Unmarshal(text, &had)
	}
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(folder, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "store.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	driver, err := boltkv.Open(path, boltkv.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = driver.Close() })
	root, err := hex.DecodeString(had.Root)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := secret.NewKeys(root)
	if err != nil {
		t.Fatal(err)
	}
	return recoverytest.New(t, recoverytest.WithDriver(driver), func(w *recoverytest.World) {
		w.Keys = keys
		w.Clock.Move(had.Now.Sub(w.Clock.Now()))
	}), had
}
