package recovery

import (
	"fmt"
	"slices"
	"time"
)

// HoldsHearing is the word of [Methods.Holds] for an account with two known
// browsers and more that their owner uses: one asks, and another one hears of it.
const HoldsHearing = "hears"

// HoldsNoPassword is its word for an account that signs in with a passkey alone.
const HoldsNoPassword = "no_password"

// Holds lists in words what an account has to show: the names of its methods, how
// many people may vouch ("contact*2"), where its passkeys are, and [HoldsHearing].
// It depends on no channel, so that a list keeps it whatever can be sent today.
func (m *Methods) Holds(a *Account, now time.Time) []string {
	var words []string
	for _, name := range m.Names() {
		x := m.Get(name)
		switch {
		case x.Traits().Class == "" || x.Traits().Class == ClassAuthority || !x.Ready(a, now):
		case Bare(name) == VouchedBy:
			words = append(words, fmt.Sprintf("%s*%d", name, len(a.TrustedContacts)))
		default:
			words = append(words, name)
		}
		if p, ok := x.(Placed); ok {
			words = append(words, p.Places(a)...)
		}
	}
	hearing := slices.DeleteFunc(slices.Clone(a.Devices), func(d Device) bool { return !a.Hears(d, now) })
	if len(hearing) > 1 {
		words = append(words, HoldsHearing)
	}
	if alone, _ := m.Alone(a); alone && a.Credential(Password) == nil {
		words = append(words, HoldsNoPassword)
	}
	return words
}
