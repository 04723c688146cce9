package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// The 21st browser ends the one that was unused for the longest, and its owner hears
// which that was.
func TestTheOldestOf21BrowsersIsTold(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	change(t, w, alice.Name, func(a *recovery.Account) {
		a.Devices, a.Sessions = nil, nil
		for i := range recovery.MaxDevices {
			id, seen := fmt.Sprint(i), w.Clock.Now().Add(-time.Duration((i+7)%recovery.MaxDevices)*time.Minute)
			a.Devices = append(a.Devices, recovery.Device{ID: id, TokenHash: id, Browser: "Firefox on Linux", Label: "number " + id, First: seen, Seen: seen})
			a.Sessions = append(a.Sessions, recovery.Session{ID: id, TokenHash: id, Device: id, Generation: a.Generation, Seen: seen, Idle: 3600, End: w.Clock.Now().Add(time.Hour)})
		}
	})
	next := enter(t, w, w.Browser(), alice)
	a := account(t, w, alice.Name)
	if len(a.Devices) != recovery.MaxDevices || a.SessionByID("12", w.Clock.Now()) != nil {
		t.Errorf("got %d browsers, and the session of the oldest: %v", len(a.Devices), a.SessionByID("12", w.Clock.Now()))
	}
	m := w.Outbox.Last(t, alice.Mail, "notice")
	if m.Vars["event"] != "new_device" || m.Vars["also"] != "oldest_ended" || m.Vars["key"] != "number 12" {
		t.Errorf("got notice %v, want it to name what has ended", m.Vars)
	}
	next.Post("/.sparekey/logout", recoverytest.Fields())
	w.Clock.Move(time.Minute)
	if enter(t, w, next, alice); w.Events.Count(recovery.EventOldestEnded) != 1 {
		t.Errorf("got %d events, want one", w.Events.Count(recovery.EventOldestEnded))
	}
}
