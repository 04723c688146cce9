package recovery

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// GroupLink is an invitation for several people: whoever opens the link gets an
// account in its groups, as long as there are places.
type GroupLink struct {
	ID     string      `json:"id"` // names it in lists; no part of the secret
	Groups []string    `json:"groups,omitempty"`
	Uses   int         `json:"uses"`
	Made   time.Time   `json:"made"`
	Ends   time.Time   `json:"ends"`
	Maker  string      `json:"maker,omitempty"` // id of an account; empty: the command line
	By     string      `json:"by,omitempty"`    // its name
	Note   string      `json:"note,omitempty"`  // for whom it is
	Places []LinkPlace `json:"places,omitempty"`
	// Revoked is when it was: it opens nothing from then on. It is there only while
	// those are looked at who came by it.
	Revoked time.Time `json:"revoked,omitzero"`
}

// LinkPlace is one use of a link: held by a browser that has opened it, or used.
type LinkPlace struct {
	Account string    `json:"account"` // that there will be, chosen when the link is opened
	Binding string    `json:"binding,omitempty"`
	Until   time.Time `json:"until,omitzero"` // held; zero: used
}

// Limits of group links.
const (
	MaxLinkUses = 50
	MaxLinks    = 100 // that live at once
	LinkLife    = 7 * 24 * time.Hour
	MaxLinkLife = 30 * 24 * time.Hour
	PlaceHeld   = time.Hour
)

// Errors of group links; the text says what to do.
var (
	ErrLinkUses   = errors.New("a group's link works for 1 to " + strconv.Itoa(MaxLinkUses) + " people")
	ErrLinkLife   = errors.New("a group's link lives for 30 days at most")
	ErrLinkAdmins = errors.New("nobody becomes an administrator by a group's link: invite them by name")
	ErrLinksMany  = errors.New("there are " + strconv.Itoa(MaxLinks) + " such links already: revoke one first")
	ErrLinkNoMail = errors.New("who uses a group's link proves a mail address, and this site sends no mail")
	ErrNoLink     = errors.New("there is no such link")
)

// Check returns the link with its groups as they are kept, or what is wrong with it.
func (l GroupLink) Check(now time.Time) (GroupLink, error) {
	x, wrong := readGroups(Edit{Groups: l.Groups})
	l.Groups = x.Groups
	for _, g := range l.Groups {
		if id, err := CanonicalGroup(g); err == nil && id == GroupAdmins {
			wrong = errors.Join(wrong, ErrLinkAdmins)
		}
	}
	if l.Uses < 1 || l.Uses > MaxLinkUses {
		wrong = errors.Join(wrong, ErrLinkUses)
	}
	if !l.Ends.After(now) || l.Ends.After(now.Add(MaxLinkLife)) {
		wrong = errors.Join(wrong, ErrLinkLife)
	}
	if l.Note != "" && len(l.Note) > 200 {
		wrong = errors.Join(wrong, fmt.Errorf("%w: at most 200 bytes", ErrReason))
	}
	return l, wrong
}

// Place is that of an account; nil: it has none.
func (l *GroupLink) Place(account string) *LinkPlace {
	i := slices.IndexFunc(l.Places, func(p LinkPlace) bool { return p.Account == account })
	if i < 0 {
		return nil
	}
	return &l.Places[i]
}

// Hold keeps a place for an account for an hour, or false when there is none left.
// Of whoever has one already it lasts an hour from now.
func (l *GroupLink) Hold(account, binding string, now time.Time) bool {
	p := l.Place(account)
	switch {
	case !l.Revoked.IsZero(), !now.Before(l.Ends) && p == nil:
		return false
	case p == nil && len(l.Places) >= l.Uses:
		return false
	case p == nil:
		l.Places = append(l.Places, LinkPlace{Account: account, Binding: binding})
		p = &l.Places[len(l.Places)-1]
	case p.Until.IsZero():
		return false // used
	}
	p.Until = now.Add(PlaceHeld)
	return true
}

// Use marks the place of an account as used.
func (l *GroupLink) Use(account string) {
	if p := l.Place(account); p != nil {
		p.Until, p.Binding = time.Time{}, ""
	}
}

// Lapsed lists the accounts whose places were held for too long. Those that there
// are have used theirs; of the others nothing came.
func (l *GroupLink) Lapsed(now time.Time) []string {
	var out []string
	for _, p := range l.Places {
		if !p.Until.IsZero() && !now.Before(p.Until) {
			out = append(out, p.Account)
		}
	}
	return out
}

// GiveBack frees the places of accounts, if they are held for too long still.
func (l *GroupLink) GiveBack(accounts []string, now time.Time) {
	l.Places = slices.DeleteFunc(l.Places, func(p LinkPlace) bool {
		return !p.Until.IsZero() && !now.Before(p.Until) && slices.Contains(accounts, p.Account)
	})
}

// Used counts the places that were used.
func (l *GroupLink) Used() int {
	n := 0
	for _, p := range l.Places {
		if p.Until.IsZero() {
			n++
		}
	}
	return n
}
