package recovery

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestLabelIsOneLineOfPlainText(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"":                                   "",
		" the \t desk\n at work ":            "the desk at work",
		"a\u202eb\u0000c":                    "abc",
		"\xffdesk":                           "desk",
		"<b>":                                "<b>", // pages escape it
		strings.Repeat("é", MaxLabel+1):      strings.Repeat("é", MaxLabel),
		strings.Repeat("é", 39) + " " + "xx": strings.Repeat("é", 39),
	} {
		if got := Label(typed); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

// TestRule_TheOldestOf21Goes, by its last use: a browser takes its sessions with it,
// and a session that is used every day stays, however old it is.
func TestRule_TheOldestOf21Goes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.March, 5, 12, 0, 0, 0, time.UTC)
	a := &Account{State: StateActive}
	for i := range MaxDevices + 1 {
		id, seen := fmt.Sprint(i), now.Add(-time.Duration((i+7)%(MaxDevices+1))*time.Minute)
		a.Devices = append(a.Devices, Device{ID: id, Seen: seen})
		a.Sessions = append(a.Sessions, Session{
			ID: id, Device: id, Created: now.Add(time.Duration(i-50) * time.Hour), Seen: seen, Idle: 3600, End: now.Add(time.Hour),
		})
	}
	gone := "13" // seen 20 minutes ago, more than all others
	a.DropExpired(now)
	if len(a.Devices) != MaxDevices || len(a.Sessions) != MaxSessions {
		t.Fatalf("got %d browsers and %d sessions, want %d and %d", len(a.Devices), len(a.Sessions), MaxDevices, MaxSessions)
	}
	a.Devices = append(a.Devices, Device{ID: "new", Seen: now})
	for _, s := range a.Sessions {
		if s.ID == gone || s.Device == gone {
			t.Errorf("session %s is there, want that of the longest unused browser gone", gone)
		}
	}
	a.DropExpired(now)
	if len(a.Devices) != MaxDevices || len(a.Sessions) != MaxSessions-1 || a.SessionByID("12", now) != nil {
		t.Errorf("got %d browsers and %d sessions, want the next one gone with its session", len(a.Devices), len(a.Sessions))
	}
}
