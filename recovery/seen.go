package recovery

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Errors of two who act on one account at once.
var (
	// ErrStale says that what an action sets was changed after its form was shown:
	// whoever sent it did not know what it would have replaced.
	ErrStale = errors.New("somebody else has changed this meanwhile")
	// ErrOtherState says that the account is not as the action needs it. It is an
	// [ErrNotAllowed] too.
	ErrOtherState = fmt.Errorf("%w: not as the account is now", ErrNotAllowed)
)

// Seen is what the form of an action shows of an account, put so that it can only be
// compared; empty: the action sets nothing that somebody could have set meanwhile.
func (do Action) Seen(a *Account) string {
	shows := editings()[do].shows
	if shows == nil {
		return ""
	}
	return secret.Sum(strings.Join(shows(a), "\x00"))
}

// stale tells that the account is another one than the form was made of. What only
// ends something is never stale: it may not wait for anybody to look again.
func (x Edit) stale(a *Account) bool { return x.Seen != "" && x.Seen != x.Do.Seen(a) }

func showsGroups(a *Account) []string     { return a.Groups }
func showsDisplay(a *Account) []string    { return []string{a.DisplayName} }
func showsName(a *Account) []string       { return []string{a.Name} }
func showsExtensions(a *Account) []string { return []string{lines(a.Extensions)} }

// showsState is what an account is closed by.
func showsState(a *Account) []string {
	return []string{string(a.State), a.Leaving.UTC().Format(time.RFC3339)}
}

// showsAddresses is which addresses of a channel count when, and no more of them than
// administrators are shown.
func showsAddresses(channel string) func(*Account) []string {
	return func(a *Account) []string {
		var out []string
		for _, c := range a.Addresses {
			if c.Channel == channel {
				out = append(out, Mask(c.Value), c.ValidFrom.UTC().Format(time.RFC3339Nano), c.ValidUntil.UTC().Format(time.RFC3339Nano))
			}
		}
		return out
	}
}
