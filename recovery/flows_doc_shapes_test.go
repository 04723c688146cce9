package recovery_test

import (
	"encoding/json"
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

// withPasskeys is an account with one passkey more, about which there may be a doubt.
func withPasskeys(a *recovery.Account, doubt string) *recovery.Account {
	b := a.Clone()
	data := `{"id":"AA==","key":"AA==","rp":"photos.example.com","doubt":"` + doubt + `"}`
	b.Credentials = append(b.Credentials, recovery.Credential{ID: "k", Method: recovery.Passkey, Version: 1, Data: json.RawMessage(data)})
	return b
}

// oneOfSeveral are the chapters about one passkey.
func oneOfSeveral(full *recovery.Account) []chapter {
	return []chapter{
		{"drop_one", "", "Take one passkey off", "Where another second factor is left. Any of them will do, or a recovery code; the link of a notice gives it back for three days, unless it was lost.", "the passkey is gone, trust in browsers has ended", []shape{{account: withPasskeys(full, "")}}},
		{"trust_one", "", "Take a doubted passkey again", "Its counter went back, or it syncs now: its owner says that it is theirs, with another proof.", "the passkey is taken again", []shape{{account: withPasskeys(full, "counter")}}},
	}
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

// byLink is how several people make accounts.
func byLink(empty []shape) []chapter {
	return []chapter{
		{"join", "", "Make an account by a group's link", "A link for several people. Each proves a mailbox before anything of it is claimed, then chooses a name; the account is made with everything in it, in one write.", "account made, signed in", empty},
	}
}

func deleted(settled []shape) []chapter {
	return []chapter{
		{"delete_account", "", "Delete the account", "It is closed at once and removed after lifetime `delete`. Until then its owner keeps it by signing in, any notice closes it as always instead, and an administrator enables it. Never the last administrator.", "closed, removed later", settled},
	}
}
