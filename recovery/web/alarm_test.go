package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// put writes a record as somebody does who can write to the store, or restores
// a part of it.
func put(t *testing.T, w *recoverytest.World, key string, value []byte) (before []byte) {
	t.Helper()
	old, err := w.Driver.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := w.Driver.Swap(t.Context(), key, old, value, 0); err != nil || !ok {
		t.Fatalf("got %v, %v", ok, err)
	}
	return old
}

// alarms counts them once no more can be under way: a running Caddy tells
// through its log.
func alarms(w *recoverytest.World) int {
	if w.Running() {
		time.Sleep(100 * time.Millisecond)
	}
	return w.Events.Count(recovery.EventAlarm)
}

// TestSE10_ARecordThatDoesNotOpenIsAnAlarmAtTheGate whatever is asked for: a 503
// that lasts must say why. It is told once a minute.
func TestSE10_ARecordThatDoesNotOpenIsAnAlarmAtTheGate(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	key := recovery.AccountKey(account(t, w, alice.Name).ID)
	before := alarms(w) // a notice that is under way may read the record first
	whole := put(t, w, key, []byte("no longer what was sealed"))
	for range 5 {
		if b.Get("/"); b.Status != 503 {
			t.Fatalf("got status %d, want 503", b.Status)
		}
	}
	if got := alarms(w) - before; got != 1 {
		t.Errorf("got %d alarms for five requests, want 1", got)
	}
	w.Clock.Move(time.Minute)
	if b.Get("/"); alarms(w)-before != 2 {
		t.Errorf("got %d alarms a minute later, want 2", alarms(w)-before)
	}
	put(t, w, key, whole)
	if !w.SignedIn(b) {
		t.Error("not signed in although the record is whole again")
	}
}

// TestSE10_AnOlderValueOfARecordIsTold: it opens, and somebody may have put it
// there to bring a session or a factor back.
func TestSE10_AnOlderValueOfARecordIsTold(t *testing.T) {
	w := recoverytest.New(t)
	alice := recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	key := recovery.AccountKey(account(t, w, alice.Name).ID)
	old, err := w.Driver.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	w.Browser().Get("/.sparekey/login").Submit("name", alice.Name, "password", alice.Password).Want("factor")
	before := alarms(w)
	put(t, w, key, old)
	w.Browser().Get("/.sparekey/login").Submit("name", alice.Name, "password", alice.Password).Want("factor")
	if got := alarms(w) - before; got != 1 {
		t.Errorf("got %d alarms, want 1", got)
	}
	if !w.Running() && !strings.Contains(w.Events.Last(recovery.EventAlarm).Detail, "older") {
		t.Errorf("got %q, want that it is older", w.Events.Last(recovery.EventAlarm).Detail)
	}
}
