package recovery_test

import (
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// knownFor is an account with a session in a browser that it has known for long.
func knownFor(a *recovery.Account, long time.Duration) *recovery.Account {
	b := a.Clone()
	b.Devices = []recovery.Device{{ID: "d", First: noon.Add(-long), Seen: noon}}
	b.Sessions = []recovery.Session{{ID: "s", Device: "d", Seen: noon, Idle: 3600, End: noon.Add(time.Hour)}}
	return b
}

// newcomer has an invitation, and an address.
func newcomer() *recovery.Account {
	a := &recovery.Account{State: recovery.StateInvited}
	a.AddAddresses("alice@example.org", "")
	return a
}

// strictSignIns are accounts that are asked for a known device.
func strictSignIns(full *recovery.Account) []shape {
	return []shape{
		{name: "another browser, known for a day", account: knownFor(full, 48*time.Hour), known: true},
		{name: "none that could answer now", account: full, known: true},
	}
}
