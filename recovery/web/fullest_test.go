package web_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// fill makes the account the fullest there can be, with longest values.
func fill(t *testing.T, w *recoverytest.World, name string) {
	t.Helper()
	now, long := w.Clock.Now(), strings.Repeat("\U0001F511", recovery.MaxLabel)
	const browser, network = "Samsung Browser on Windows Phone", "ffff:ffff:ffff:ffff::/64"
	change(t, w, name, func(a *recovery.Account) {
		for i := range recovery.MaxDevices {
			id := secret.Token(9)
			a.Devices = append(a.Devices, recovery.Device{
				ID: id, TokenHash: secret.Token(32), Browser: browser, Label: long, Network: network, First: now, Seen: now.Add(-time.Duration(i) * time.Minute), Paged: now,
				Sure: true, Remembered: now.Add(24 * time.Hour), Skip: secret.Token(32), SkipBefore: secret.Token(32), SkipSince: now, Admitted: now,
			})
			proof := recovery.Proof{Method: recovery.RecoveryCode, Source: recovery.RecoveryCode, Credential: secret.Token(20), Version: 1e9, Alone: true, Factor: true, There: []string{recovery.Password}, By: id, At: now, Entry: secret.Token(9)}
			a.Sessions = append(a.Sessions, recovery.Session{
				ID: secret.Token(9), TokenHash: secret.Token(32), Device: id, Generation: a.Generation, Browser: browser, Created: now, Seen: now.Add(-time.Duration(i) * time.Minute), Idle: 1e6, End: now.Add(time.Hour),
				Proofs: []recovery.Proof{proof, proof, proof}, Fresh: now, Second: now, Keep: true, Near: i < recovery.MaxNear, Before: secret.Token(32), BeforeUntil: now, Host: secret.Token(32), HostBefore: secret.Token(32),
			})
			a.TrustedContacts = append(a.TrustedContacts[:min(len(a.TrustedContacts), 9)], recovery.TrustedContact{ID: secret.Token(16), Name: long, Since: now})
			a.Spent = append(a.Spent, recovery.Spent{ID: "ticket/" + secret.Token(32), Until: now.Add(time.Hour)})
		}
		for i := range recovery.MaxKeys {
			host, path := strings.Repeat("h", 20)+".example.org", "/"+strings.Repeat("p", 20)
			if _, err := a.AddKey(recovery.AccessKey{ID: secret.Token(6), TokenHash: secret.Token(32), Name: fmt.Sprint("key", i), Hosts: []string{host}, Paths: []string{path}, Maker: secret.Token(16), Created: now, End: now.Add(time.Hour)}, now); err != nil {
				t.Fatal(err)
			}
			a.Credentials = append(a.Credentials, recovery.Credential{ID: secret.Token(20), Method: recovery.Passkey, Version: 1, Label: long, Created: now, Data: []byte(`{"id":"` + strings.Repeat("x", 680) + `"}`)})
			a.Begun = append(a.Begun[:min(len(a.Begun), 7)], recovery.BegunSignIn{Binding: secret.Token(32), At: now, Until: now.Add(time.Hour), Browser: browser, Base: "https://photos.example.org/.sparekey/", Network: network})
			a.Stopped = append(a.Stopped, recovery.Stopped{Goal: recovery.GoalSecondFactor, Way: []string{recovery.MailLink, recovery.Password}, Proofs: []string{recovery.MailLink, recovery.Password}, Until: now.Add(time.Hour)})
		}
		a.Trail.Owed = nil
		for range 16 {
			if err := a.Enter(w.Keys, longestEvent(now), secret.Token(9)); err != nil {
				t.Fatal(err)
			}
			a.Owe(recovery.Owed{ID: secret.Token(9), Event: recovery.EventFactorReset, At: now, Browser: browser, To: []recovery.Recipient{{Channel: recovery.ChannelMail, Value: strings.Repeat("m", 200), Entry: secret.Token(9)}}, By: secret.Token(9), Since: now})
		}
	})
}

// longestEvent is one whose record in the audit trail is as long as can be.
func longestEvent(now time.Time) recovery.Event {
	evil := strings.Repeat("\\\U0001F511", 500)
	return recovery.Event{
		Name: recovery.EventSuspended, At: now, ActorID: secret.Token(16), Actor: evil, Method: evil, Network: evil, Browser: evil, Flow: evil, Detail: evil, Count: 1e9,
	}
}

// The fullest account there can be signs in, ends sessions, is closed and is
// recovered. Only what would add to it is refused, with a sentence.
func TestRule_TheFullestAccountIsRecovered(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	own := enter(t, w, w.Browser(), alice)
	fill(t, w, alice.Name)
	a := account(t, w, alice.Name)
	if size := a.Size(); size < recovery.FullRecord || size > 2*recovery.FullRecord {
		t.Fatalf("got %d bytes, want a full account, which the store takes still", size)
	}
	if body, err := json.Marshal(a); err != nil || len(a.Trail.Owed) != 16 || len(body) > 4*recovery.FullRecord {
		t.Fatalf("got %d bytes with %d records that are owed to the audit trail (%v), want 16, and that the store takes them", len(body), len(a.Trail.Owed), err)
	}
	// It adds nothing.
	own.Post("/.sparekey/account/devices", recoverytest.Fields("choice", "rename:"+a.Devices[0].ID, "label", strings.Repeat("é", recovery.MaxLabel)))
	if own.Status != http.StatusUnprocessableEntity || !strings.Contains(own.Text(), "no room for more") {
		t.Errorf("a name for a browser: got status %d, %s", own.Status, own.Text())
	}
	for _, address := range []string{"new@example.org", "newer@example.org"} { // what is over goes with the first
		begin(w, own, alice, recovery.KindChangeMail).Submit("mail", address).Want("confirm")
		own.Submit("code", w.Outbox.Last(t, address, "contact-code").Vars["code"])
	}
	if own.Status != http.StatusUnprocessableEntity || !strings.Contains(own.Text(), "no room for more") {
		t.Errorf("an address: got status %d, page %q, %s", own.Status, own.Page(), own.Text())
	}
	if _, _, err := w.Engine.AddKey(t.Context(), a.ID, recovery.AccessKey{Name: "one more"}); err == nil {
		t.Error("an access key: got it, want it refused")
	}
	// It ends what there is.
	if err := w.Engine.EndSession(t.Context(), a.ID, a.Sessions[5].ID); err != nil || account(t, w, alice.Name).SessionByID(a.Sessions[5].ID, w.Clock.Now()) != nil {
		t.Errorf("ending a session: got %v", err)
	}
	if k, err := w.Engine.RevokeKey(t.Context(), a.ID, "key3"); err != nil || k.Name != "key3" {
		t.Errorf("revoking a key: got %v", err)
	}
	// It signs in on a new browser, which makes room.
	w.Clock.Move(time.Minute)
	next := enter(t, w, w.Browser(), alice)
	if b := account(t, w, alice.Name); b.Size() > recovery.FullRecord || len(b.Devices) == 0 {
		t.Errorf("got %d bytes after a sign-in, want room to be made", b.Size())
	}
	if m := w.Outbox.Last(t, alice.Mail, "notice"); !strings.Contains(m.Vars["event"]+m.Vars["also"], "oldest_ended") {
		t.Errorf("got notice %v, want what has ended to be told", m.Vars)
	}
	// It is recovered.
	change(t, w, alice.Name, func(a *recovery.Account) { a.Devices, a.AccessKeys = nil, nil })
	fill(t, w, alice.Name)
	w.LostPhone(w.Browser(), alice)
	if w.SignedIn(next) || w.SignedIn(own) {
		t.Error("a session of before is still there")
	}
	enter(t, w, w.Browser(), alice)
}

// What adds nothing to a full record is let through.
func TestRule_WithinAddsNothingToAFullRecord(t *testing.T) {
	t.Parallel()
	grow := func(a *recovery.Account) error { a.Lang += "xx"; return nil }
	full := func() *recovery.Account { return &recovery.Account{Lang: strings.Repeat("x", recovery.FullRecord)} }
	for name, tc := range map[string]struct {
		a    *recovery.Account
		edit func(*recovery.Account) error
		want error
	}{
		"small, grows":         {&recovery.Account{}, grow, nil},
		"full, grows":          {full(), grow, recovery.ErrFull},
		"full, stays":          {full(), func(*recovery.Account) error { return nil }, nil},
		"full, ends all":       {full(), func(a *recovery.Account) error { a.EndEverything(); return grow(a) }, nil},
		"full, edit is failed": {full(), func(*recovery.Account) error { return recovery.ErrMoved }, recovery.ErrMoved},
	} {
		if err := recovery.Within(tc.edit)(tc.a); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, err, tc.want)
		}
	}
}
