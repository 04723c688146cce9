package web_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestRequestsEndWithTheirAccessKey, however it ends; those of another key go on.
func TestRequestsEndWithTheirAccessKey(t *testing.T) {
	t.Parallel()
	began := make(chan string, 8)
	ended := make(chan string, 8)
	w, alice, key := keyed(t, func(w *recoverytest.World) {
		w.App = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			name := r.URL.Query().Get("key")
			if name == "" {
				return
			}
			began <- name
			<-r.Context().Done()
			ended <- name
		})
	})
	id := account(t, w, "alice").ID
	short := makeKey(t, w, alice, recovery.AccessKey{Name: "short", End: w.Clock.Now().Add(time.Hour)})
	revoked := makeKey(t, w, alice, recovery.AccessKey{Name: "revoked"})
	for name, k := range map[string]string{"stays": key, "short": short, "revoked": revoked} {
		go func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Server.URL+"/api/x?key="+name, nil)
			if err != nil {
				panic(err)
			}
			req.Header = bearer(k)
			if res, err := http.DefaultTransport.RoundTrip(req); err == nil {
				_ = res.Body.Close()
			}
		}()
	}
	for range 3 {
		<-began
	}
	wantEnd := func(want string) {
		t.Helper()
		select {
		case got := <-ended:
			if got != want {
				t.Errorf("got the request of %s ended, want that of %s", got, want)
			}
		case <-time.After(5 * time.Second):
			t.Errorf("the request of %s goes on", want)
		}
	}
	if _, err := w.Engine.RevokeKey(t.Context(), id, "revoked"); err != nil {
		t.Fatal(err)
	}
	wantEnd("revoked")
	w.Clock.Move(time.Hour)
	wantEnd("short")
	robin := bob()
	w.Invite(robin)
	change(t, w, robin.Name, func(a *recovery.Account) { a.Groups = []string{recovery.GroupAdmins} })
	manage(t, w, robin, alice, recovery.ActionDisable)
	wantEnd("stays")
}

// TestRecoverySuspendsAccessKeys, and tells so with it; a new password that its
// owner chose leaves them, and so does a sign-out.
func TestRecoverySuspendsAccessKeys(t *testing.T) {
	t.Parallel()
	w, alice, key := keyed(t)
	opens := func() bool { t.Helper(); return reached(t, w, "/api/x", bearer(key)) != nil }
	b := w.Browser()
	w.SignIn(b, alice, "/")
	b.Get("/.sparekey/account").Post("/.sparekey/logout", nil)
	if !opens() {
		t.Fatal("the key is refused after a sign-out")
	}
	w.LostPhone(w.Browser(), alice)
	if opens() {
		t.Error("the key opens after a recovery")
	}
	m := w.Outbox.Last(t, alice.Mail, "notice")
	if !strings.Contains(m.Vars["also"], string(recovery.EventKeysSuspended)) {
		t.Errorf("got %v, want that the keys are suspended", m.Vars)
	}
	id := account(t, w, "alice").ID
	if _, _, err := w.Engine.AddKey(t.Context(), id, recovery.AccessKey{Name: "more"}); !errors.Is(err, recovery.ErrNotAllowed) {
		t.Errorf("a new key on probation: got %v, want it refused", err)
	}
}

// TestNewPasswordKeepsAccessKeys: programs know nothing of it.
func TestNewPasswordKeepsAccessKeys(t *testing.T) {
	t.Parallel()
	w, alice, key := keyed(t)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	w.Clock.Move(time.Minute)
	b.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindChangePassword)))
	b.Submit("password", alice.Password)
	b.Submit("code", recoverytest.TOTP(w, alice.Key))
	b.Submit("new_password", "another battery horse")
	if w.Events.Count(recovery.EventPasswordChanged) != 1 {
		t.Fatalf("got %s %s, want a new password", b.Page(), b.Text())
	}
	if reached(t, w, "/api/x", bearer(key)) == nil {
		t.Error("the key is refused after its owner changed the password")
	}
}
