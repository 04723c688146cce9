package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func export(b *recoverytest.Browser) *recoverytest.Browser {
	return b.Post("/.sparekey/account/contact", recoverytest.Fields("choice", "export"))
}

// A person gets all that is kept of them, with a fresh factor, and nothing by which
// somebody could sign in.
func TestExport_EverythingButSecrets(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := signIn(w, w.Browser(), alice)
	if b.Get("/.sparekey/account/contact"); !strings.Contains(b.Body, `value="export"`) {
		t.Errorf("got no button on the page: %s", b.Text())
	}
	export(b)
	if b.Status != http.StatusOK || b.Answer.Get("Content-Type") != "application/json" || !strings.Contains(b.Answer.Get("Content-Disposition"), "attachment") ||
		b.Answer.Get("Cache-Control") != "no-store" {
		t.Fatalf("got status %d, %v", b.Status, b.Answer)
	}
	var x recovery.Export
	if err := json.Unmarshal([]byte(b.Body), &x); err != nil {
		t.Fatal(err)
	}
	if x.Name != alice.Name || len(x.Addresses) != 2 || x.Addresses[0].Address != alice.Mail || len(x.Sessions) != 1 || len(x.Browsers) != 1 || len(x.Credentials) != 3 {
		t.Errorf("got %+v", x)
	}
	a := account(t, w, alice.Name)
	for _, c := range a.Credentials {
		var data map[string]any
		if err := json.Unmarshal(c.Data, &data); err != nil {
			t.Fatal(err)
		}
		for name, value := range data {
			if text, ok := value.(string); ok && len(text) > 8 && strings.Contains(b.Body, text) {
				t.Errorf("%s of %s is in the file", name, c.Method)
			}
		}
	}
	for _, secret := range []string{a.Sessions[0].TokenHash, a.Devices[0].TokenHash, a.Sessions[0].ID, a.Devices[0].ID} {
		if strings.Contains(b.Body, secret) {
			t.Errorf("%q is in the file", secret)
		}
	}
	if w.Events.Count(recovery.EventExported) != 1 {
		t.Error("it is not on record")
	}
}

// Who has proved nothing for ten minutes is asked first, and on probation
// nobody gets it.
func TestExport_NeedsAFreshFactor(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := signIn(w, w.Browser(), alice)
	w.Clock.Move(11 * time.Minute)
	if export(b); b.Page() != "factor" {
		t.Fatalf("old: got %q, status %d", b.Page(), b.Status)
	}
	change(t, w, alice.Name, func(a *recovery.Account) { a.Probation = w.Clock.Now().Add(time.Hour) })
	if export(b); b.Status != http.StatusUnprocessableEntity {
		t.Errorf("on probation: got status %d", b.Status)
	}
	if w.Events.Count(recovery.EventExported) != 0 {
		t.Error("somebody got it")
	}
	if stranger := export(w.Browser()); stranger.Status == http.StatusOK && strings.Contains(stranger.Body, alice.Mail) {
		t.Error("a stranger got it")
	}
}
