package engine

import (
	"errors"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Person is what lists show of an account.
type Person struct {
	ID          string         `json:"id"`
	Name        string         `json:"name"`
	DisplayName string         `json:"display_name,omitempty"`
	State       recovery.State `json:"state"`
	Admin       bool           `json:"admin"`
	TwoFactors  bool           `json:"two_factors"`
	Groups      []string       `json:"groups"`
	Invited     time.Time      `json:"invited,omitzero"`      // until when an invitation lives; zero: there is none
	Locked      time.Time      `json:"locked_until,omitzero"` // zero: it is not
	SignedIn    time.Time      `json:"signed_in,omitzero"`    // day of the last sign-in; zero: not known
	LockedOut   bool           `json:"locked_out"`            // it would be, if its owner lost one thing
	Has         string         `json:"-"`                     // as [recovery.Methods.Holds]
	cost        string
	vague       bool // a row of a version before: what it has, and its groups, are not known
}

func byName(a, b Person) int { return strings.Compare(a.key(), b.key()) }

// key is the place of somebody in lists.
func (p Person) key() string { return strings.ToLower(p.Name) + "\n" + p.ID }

// Filters of [Search.Show], in the order in which they are offered; the first one
// shows everybody.
const (
	ShowAll       = "all"
	ShowLocked    = "locked"
	ShowInvited   = "invited"
	ShowDisabled  = "disabled"
	ShowNoFactor  = "no_factor"
	ShowLockedOut = "locked_out"
)

// Filters lists them.
func Filters() []string {
	return []string{ShowAll, ShowLocked, ShowInvited, ShowDisabled, ShowNoFactor, ShowLockedOut}
}

// ErrNoFilter says that a filter is none of [Filters].
var ErrNoFilter = errors.New("no such filter: use one of " + strings.Join(Filters(), ", "))

func (p Person) shown(filter string) bool {
	switch filter {
	case ShowLocked:
		return !p.Locked.IsZero()
	case ShowInvited:
		return p.State == recovery.StateInvited
	case ShowDisabled:
		return p.State == recovery.StateDisabled || p.State == recovery.StateLeaving
	case ShowNoFactor:
		return !p.TwoFactors && (p.State == recovery.StateActive || p.State == recovery.StateFrozen)
	case ShowLockedOut:
		return p.LockedOut
	}
	return true
}

// called tells whether a text in small letters is part of a name.
func (p Person) called(text string) bool {
	return strings.Contains(strings.ToLower(p.Name), text) || strings.Contains(strings.ToLower(p.DisplayName), text)
}

// endless is longer than any lock that an operator sets.
const endless = 200 * 24 * time.Hour

// Endless tells of somebody who is locked that no time ends it.
func (p Person) Endless(now time.Time) bool { return p.Locked.Sub(now) > endless }
