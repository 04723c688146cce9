package caddymodule

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestDoctorCountsPasskeysOfNoHost: those that were made for a host which is not here
// any more.
func TestDoctorCountsPasskeysOfNoHost(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	a, err := w.Engine.Find(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	o := &operations{engine: w.Engine, app: &App{sites: sites{origins: []string{"https://photos.example.com"}}}}
	people := []engine.Person{{ID: a.ID}}
	if got := o.passkeyChecks(t.Context(), people); got != nil {
		t.Errorf("got %+v without a passkey, want nothing", got)
	}
	for _, domain := range []string{"photos.example.com", "old.example.com"} {
		data, err := json.Marshal(method.PasskeyRow{ID: []byte(domain), Key: []byte("key"), RP: domain})
		if err != nil {
			t.Fatal(err)
		}
		_, err = kv.Update(t.Context(), w.Engine.Store, recovery.AccountKey(a.ID), time.Time{}, func(a *recovery.Account, _ bool) error {
			a.Credentials = append(a.Credentials, recovery.Credential{ID: domain, Method: recovery.Passkey, Version: 1, Data: data})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got := o.passkeyChecks(t.Context(), people)
		want := "1, all for hosts that are here"
		if domain == "old.example.com" {
			want = "1 of 2, made for old.example.com"
		}
		if len(got) != 1 || !strings.Contains(got[0].Text, want) {
			t.Errorf("%s: got %+v, want %q", domain, got, want)
		}
	}
	o.app.sites.portal = "https://login.example.com"
	if got := o.passkeyChecks(t.Context(), people); len(got) != 1 || !strings.Contains(got[0].Text, "2 of 2") {
		t.Errorf("got %+v behind a portal, want both to be of no use", got)
	}
	w.Policy.Passkeys = "example.com"
	if got := o.passkeyChecks(t.Context(), people); len(got) != 1 || !strings.Contains(got[0].Text, "2 of 2") {
		t.Errorf("got %+v of a wider domain, for which they were not made", got)
	}
}
