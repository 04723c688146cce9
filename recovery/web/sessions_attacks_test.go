package web_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// With an idle time of an hour, which an operator may set.
func TestA27_IdleAndOldSessionsEnd(t *testing.T) {
	t.Parallel()
	hourly := func(p *recovery.Policy) { p.Lifetimes.SessionIdle = time.Hour }
	t.Run("61 minutes idle", func(t *testing.T) {
		t.Parallel()
		w, alice := withFactor(t)
		hourly(w.Policy)
		b := enter(t, w, w.Browser(), alice)
		if w.Clock.Move(61 * time.Minute); w.SignedIn(b) {
			t.Error("still signed in")
		}
	})
	t.Run("used every ten minutes for a day and a minute", func(t *testing.T) {
		t.Parallel()
		w, alice := withFactor(t)
		hourly(w.Policy)
		b := enter(t, w, w.Browser(), alice)
		for range 6 * 24 {
			if !w.SignedIn(b) {
				t.Fatal("signed out while in use")
			}
			w.Clock.Move(10 * time.Minute)
		}
		if w.Clock.Move(time.Minute); w.SignedIn(b) {
			t.Error("still signed in after a day and a minute")
		}
	})
}

// Eleven minutes after the last proof a session alone changes nothing.
func TestA28_AnOldProofChangesNothing(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := enter(t, w, w.Browser(), alice)
	w.Clock.Move(11 * time.Minute)
	before := account(t, w, alice.Name)
	fields := []string{"mail", "new@example.org", "phone", "+41791111111", "new_password", "another horse battery", "password", alice.Password, "code", "000000", "choice", "saved"}
	for _, kind := range []recovery.Kind{recovery.KindChangeMail, recovery.KindChangePhone, recovery.KindChangePassword, recovery.KindAddFactor, recovery.KindDropFactor, recovery.KindNewCodes, recovery.KindSetPIN, recovery.KindAddContact} {
		b.Post("/.sparekey/", recoverytest.Fields(append([]string{"start", string(kind)}, fields...)...))
		if flow := b.URL.Query().Get("f"); flow != "" {
			b.Post("/.sparekey/", recoverytest.Fields(append([]string{"flow", flow}, fields...)...))
		}
		w.Clock.Move(time.Minute)
	}
	after := account(t, w, alice.Name)
	if fmt.Sprint(before.Addresses, before.TrustedContacts, before.Generation) != fmt.Sprint(after.Addresses, after.TrustedContacts, after.Generation) || len(before.Credentials) != len(after.Credentials) {
		t.Errorf("something has changed:\n%+v\n%+v", before, after)
	}
	for i, c := range after.Credentials {
		if before.Credentials[i].Version != c.Version || before.Credentials[i].ID != c.ID {
			t.Errorf("%s was replaced", c.Method)
		}
	}
}

// Fields that no form has give nobody a right: not on one's own pages, nor at set-up.
func TestA48_FieldsOfNoFormAreIgnored(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	robin := bob()
	w.Invite(robin)
	b := enter(t, w, w.Browser(), robin)
	before := account(t, w, robin.Name)
	evil := []string{
		"verified", "true", "role", "admin", "groups", recovery.GroupAdmins, "mfa_required", "false", "second_factor", "false", "locked", "false", "state", "active", "id", account(t, w, alice.Name).ID,
		"account", account(t, w, alice.Name).ID, "admitted", "", "remembered", "2099-01-01T00:00:00Z", "probation", "", "generation", "0", "there", recovery.Password, "factor", "true",
	}
	for _, path := range []string{"account", "account/sign-in", "account/devices", "account/recovery", "account/contact", "account/approve", ""} {
		b.Post("/.sparekey/"+path, recoverytest.Fields(append([]string{"start", string(recovery.KindNewCodes), "choice", "save"}, evil...)...))
	}
	w.Browser().Post("/.sparekey/", recoverytest.Fields(append([]string{"start", string(recovery.KindSetup), "code", "AAAA-AAAA-AAAA-AAAA", "name", "mallory"}, evil...)...))
	after := account(t, w, robin.Name)
	if after.Admin() || fmt.Sprint(before.Groups, before.State, before.SecondFactor, before.Generation, before.Addresses, before.Probation) != fmt.Sprint(after.Groups, after.State, after.SecondFactor, after.Generation, after.Addresses, after.Probation) {
		t.Errorf("got %+v, want %+v", after, before)
	}
	if b.Get("/.sparekey/people"); b.Status == http.StatusOK {
		t.Errorf("got page %q of an administrator", b.Page())
	}
}

// A request that is copied to another account does not open there, and device cookies
// of one account are none of another.
func TestDV06_RecordsAndCookiesOfOthers(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	theirs := p.robins()
	p.next = p.asks("/", "192.0.2.1").Want("device-wait")
	a, r := account(t, p.World, p.alice.Name), account(t, p.World, bob().Name)
	sealed, err := p.Driver.Get(t.Context(), "device/"+a.ID)
	if err != nil || sealed == nil {
		t.Fatal(err)
	}
	if ok, err := p.Driver.Swap(t.Context(), "device/"+r.ID, nil, sealed, 0); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if theirs.Get(approve); theirs.Status != http.StatusServiceUnavailable {
		t.Errorf("a copied request: got status %d, page %q", theirs.Status, theirs.Page())
	}
	known := p.known.Cookie("sparekey-device").Value
	if a.Device(known) == nil || r.Device(known) != nil {
		t.Error("a device cookie of alice is known to robin, or not to her")
	}
	if q := p.request(); q.State != recovery.DeviceWaiting {
		t.Errorf("got %s: alice's own request has ended", q.State)
	}
}
