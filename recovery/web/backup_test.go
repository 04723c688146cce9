package web_test

import (
	"errors"
	"iter"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// carried is what a backup of a world takes.
func carried(t *testing.T, w *recoverytest.World) []kv.Carried {
	t.Helper()
	var out []kv.Carried
	for page := (engine.CarryPage{}); !page.Done; {
		var err error
		if page, err = w.Engine.Carry(t.Context(), page); err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			c, err := kv.OpenRaw(w.Keys, r.Key, r.Sealed)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, c)
		}
	}
	return out
}

func each(list []kv.Carried) iter.Seq2[kv.Carried, error] {
	return func(yield func(kv.Carried, error) bool) {
		for _, c := range list {
			if !yield(c, nil) {
				return
			}
		}
	}
}

// clean is another host: an empty store and a root key of its own, behind which are
// those of the backup.
func clean(t *testing.T, from *recoverytest.World, options ...recoverytest.Option) *recoverytest.World {
	t.Helper()
	keys, err := secret.NewKeys(secret.NewRoot())
	if err != nil {
		t.Fatal(err)
	}
	own, _ := secret.NewKeys(secret.NewRoot())
	own.Use(keys)
	own.Use(own, from.Keys)
	to := recoverytest.New(t, append(options, recoverytest.WithDriver(memkv.New()), func(w *recoverytest.World) { w.Keys = own })...)
	to.Clock.Move(from.Clock.Now().Sub(to.Clock.Now()))
	return to
}

// On a clean host the password, the authenticator and a recovery code of before open
// the account. Yesterday's session, link and known browser do not, and neither does
// anything that was given out between the backup and its return.
func TestRestore_OnACleanHost(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	phone := w.Browser()
	signIn(w, phone, alice)
	change(t, w, alice.Name, func(a *recovery.Account) { a.Proposals = []recovery.Proposal{{ID: "p"}} })
	w.Browser().Get("/.sparekey/recover").Submit("name", alice.Name).Want("sent")
	link := w.Outbox.Last(t, alice.Mail, "recover-code").Vars["link"]
	list := carried(t, w)
	for _, c := range list {
		if kind := kv.Kind(c.Key); kind != "account" && kind != "audit" {
			t.Errorf("the backup has a record %q", c.Key)
		}
	}

	to := clean(t, w)
	done, err := to.Engine.BringBack(t.Context(), engine.BackOptions{ID: "b"}, each(list))
	if err != nil || done.Accounts != 1 {
		t.Fatalf("got %+v, %v", done, err)
	}
	a := account(t, to, alice.Name)
	if len(a.Sessions)+len(a.Devices)+len(a.Owed)+len(a.Proposals) > 0 || a.Generation < 1<<20 {
		t.Errorf("got %d sessions, %d browsers, generation %d, want none of before", len(a.Sessions), len(a.Devices), a.Generation)
	}
	if people, err := to.Engine.People(t.Context()); err != nil || len(people) != 1 || !people[0].Admin || !people[0].TwoFactors {
		t.Errorf("roster: got %+v, %v", people, err)
	}
	cookie := phone.Cookie("sparekey")
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, to.Server.URL+"/", nil)
	req.AddCookie(cookie)
	if res, err := http.DefaultClient.Do(req); err != nil || res.StatusCode != http.StatusUnauthorized {
		t.Errorf("yesterday's session: got %v, %v, want 401", res, err)
	} else {
		_ = res.Body.Close()
	}
	old := to.Browser().Follow(link)
	if page := old.Page(); page == "choice" || page == "new-password" {
		t.Errorf("yesterday's link: got %s", page)
	}
	to.Clock.Move(time.Hour)
	b := to.Browser()
	signIn(to, b, alice)
	if !to.SignedIn(b) {
		t.Errorf("password and authenticator of before: got %s", b.Text())
	}
	if got := method.CodesThatOpen(account(t, to, alice.Name), to.Keys); got != len(alice.Codes) || got == 0 {
		t.Errorf("got %d recovery codes of before that can be checked, want %d", got, len(alice.Codes))
	}
	c := to.Browser()
	c.Get("/.sparekey/recover").Submit("name", alice.Name).Want("sent").Submit("method", recovery.RecoveryCode).Want("factor").Submit("code", alice.Codes[0])
	if page := c.Page(); page == "factor" || c.Status != http.StatusOK {
		t.Errorf("a recovery code of before: got %s, status %d: %s", page, c.Status, c.Text())
	}
}

// A passkey of before signs in alone, at the same domain.
func TestRestore_APasskeyOfBefore(t *testing.T) {
	t.Parallel()
	_, k := keyringOf(t)
	to := clean(t, k.w, recoverytest.AtLocalhost())
	if _, err := to.Engine.BringBack(t.Context(), engine.BackOptions{ID: "b"}, each(carried(t, k.w))); err != nil {
		t.Fatal(err)
	}
	k.Origin = to.Server.URL
	k.w, k.b = to, to.Browser()
	k.b.Get("/album").Want("sign-in")
	if k.answers(k.Get(k.asked())); !to.SignedIn(k.b) {
		t.Errorf("got page %q, status %d: %s", k.b.Page(), k.b.Status, k.b.Text())
	}
}

// Nobody else gets the name of somebody who was removed before the backup or is being
// removed in it, and nothing else of a removed person is in it.
func TestRestore_NamesOfRemovedPeople(t *testing.T) {
	t.Parallel()
	w, _ := withFactor(t)
	for _, name := range []string{"bruno", "clara"} {
		a, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: name, Mail: name + "@example.org"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Engine.Edit(t.Context(), engine.Shell(), a.ID, recovery.Edit{Do: recovery.ActionRemove}, "left"); err != nil {
			t.Fatal(err)
		}
		if name == "bruno" {
			w.Clock.Move(w.Policy.Lifetimes.Delete + time.Hour)
			if err := w.Engine.RemoveDue(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	list := carried(t, w)
	for _, c := range list {
		if strings.Contains(string(c.Value), "bruno") {
			t.Errorf("the removed person is in %s: %s", kv.Kind(c.Key), c.Value)
		}
	}
	to := clean(t, w)
	if _, err := to.Engine.BringBack(t.Context(), engine.BackOptions{ID: "b"}, each(list)); err != nil {
		t.Fatal(err)
	}
	if people, err := to.Engine.People(t.Context()); err != nil || len(people) != 2 {
		t.Errorf("got %+v, %v, want Alice, and Clara until her day", people, err)
	}
	to.Clock.Move(to.Policy.Lifetimes.Delete + time.Hour)
	if err := to.Engine.RemoveDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bruno", "clara"} {
		if _, _, err := to.Engine.AddUser(t.Context(), recovery.NewAccount{Name: name}); !errors.Is(err, recovery.ErrNameTaken) {
			t.Errorf("%s: got %v, want that the name is taken", name, err)
		}
		if _, _, err := to.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "anna" + name, Mail: name + "@example.org"}); err != nil {
			t.Errorf("%s: the address is not free: %v", name, err)
		}
	}
}

func TestRestore_OnlyIntoAnEmptyStore(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	list := carried(t, w)
	before := account(t, w, alice.Name)
	if _, err := w.Engine.BringBack(t.Context(), engine.BackOptions{ID: "b"}, each(list)); !errors.Is(err, engine.ErrNotEmpty) {
		t.Errorf("a store in use: got %v", err)
	}
	if after := account(t, w, alice.Name); after.Generation != before.Generation {
		t.Error("the account was changed")
	}

	to := clean(t, w)
	cut := func(yield func(kv.Carried, error) bool) { yield(list[0], nil); yield(kv.Carried{}, errors.New("cut")) }
	if _, err := to.Engine.BringBack(t.Context(), engine.BackOptions{ID: "b"}, cut); err == nil {
		t.Fatal("cut off: no error")
	}
	store := &kv.Store{Driver: to.Driver, Sealer: to.Keys, Now: to.Clock.Now}
	if err := engine.Prepare(t.Context(), store, to.Keys); !errors.Is(err, engine.ErrHalfBack) {
		t.Errorf("a start in the middle: got %v", err)
	}
	if _, err := to.Engine.BringBack(t.Context(), engine.BackOptions{ID: "another"}, each(list)); !errors.Is(err, engine.ErrHalfBack) {
		t.Errorf("another backup in the middle: got %v", err)
	}
	if done, err := to.Engine.BringBack(t.Context(), engine.BackOptions{ID: "b", NewCodes: true}, each(list)); err != nil || done.Accounts != 1 {
		t.Errorf("once more: got %+v, %v", done, err)
	}
	if err := engine.Prepare(t.Context(), store, to.Keys); err != nil {
		t.Errorf("a start after it: got %v", err)
	}
	stray := []kv.Carried{{Key: "first", Value: []byte(`"x"`)}}
	if _, err := clean(t, w).Engine.BringBack(t.Context(), engine.BackOptions{ID: "c"}, each(stray)); err == nil {
		t.Error("a record that no backup has was taken")
	}
}
