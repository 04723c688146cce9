package recovery

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Action is what an administrator, or the command line, does to an account at once.
type Action string

// The actions. None of them lets anybody sign in.
const (
	ActionUnlock      Action = "unlock"
	ActionDisable     Action = "disable"
	ActionEnable      Action = "enable"
	ActionSignOut     Action = "sign_out"
	ActionGroups      Action = "groups"
	ActionDisplayName Action = "display_name"
	ActionRename      Action = "rename"
	ActionExtension   Action = "extension"
	ActionMail        Action = "correct_mail"
	ActionPhone       Action = "correct_phone"
	ActionRemove      Action = "remove"
	ActionRevokeKey   Action = "revoke_key"
	ActionWithdraw    Action = "withdraw" // an invitation that nobody has taken
)

// Edit is an action and what it sets. Of the fields an action reads its own and no
// other (AD-07).
type Edit struct {
	Do         Action
	Groups     []string    // [ActionGroups]: all of them
	Key        string      // [ActionRevokeKey]: its id
	Again      string      // [ActionRename]: the name once more, to give one away that is held
	Name       string      // [ActionRename], and for [ActionDisplayName] the name to be shown; empty: the user name
	Mail       string      // [ActionMail]
	Phone      string      // [ActionPhone]
	Extensions []Extension // [ActionExtension]: all of them
	Seen       string      // [Action.Seen] when the form was shown; empty: nothing is compared
}

// MaxGroups is how many groups an account may be in: they go to apps in one header.
const MaxGroups = 50

// ErrTooManyGroups says that an account is to be in more groups than [MaxGroups].
var ErrTooManyGroups = fmt.Errorf("an account can be in %d groups at most", MaxGroups)

// editing is what is known of an action.
type editing struct {
	event  EventName
	closes bool // it only ends something, and is never refused for want of room
	apply  func(x Edit, a *Account, now time.Time, l Lifetimes) error
	// read brings what is set into the form in which it is kept; nil: it sets nothing.
	read func(x Edit) (Edit, error)
	// shows is what its form shows of what it sets; nil: it may be done whatever somebody
	// else does.
	shows func(*Account) []string
	// thing is what the person is told of it beside the event; nil: nothing.
	thing func(x Edit, before, after *Account, now time.Time) Thing
}

func editings() map[Action]editing {
	return map[Action]editing{
		ActionUnlock:      {event: EventUnlocked, apply: unlockIt},
		ActionSignOut:     {event: EventSessionsEnded, closes: true, apply: signOut},
		ActionDisable:     {event: EventDisabled, closes: true, apply: disable},
		ActionEnable:      {event: EventEnabled, apply: enable, shows: showsState},
		ActionRemove:      {event: EventLeaving, closes: true, apply: leave, thing: leaves},
		ActionRevokeKey:   {event: EventKeyRevoked, closes: true, apply: revoke, thing: revoked},
		ActionWithdraw:    {event: EventInviteRevoked, closes: true, apply: withdraw},
		ActionGroups:      {event: EventGroupsChanged, apply: regroup, read: readGroups, shows: showsGroups, thing: regrouped},
		ActionDisplayName: {event: EventDisplayName, apply: display, read: readDisplayName, shows: showsDisplay, thing: displayed},
		ActionRename:      {event: EventRenamed, apply: rename, read: readName, shows: showsName, thing: renamed},
		ActionExtension:   {event: EventExtension, apply: extend, shows: showsExtensions, thing: extended},
		ActionMail:        {event: EventContactChanged, apply: correctMail, read: readMail, shows: showsAddresses(ChannelMail), thing: correctedMail},
		ActionPhone:       {event: EventContactChanged, apply: correctPhone, read: readPhone, shows: showsAddresses(ChannelSMS), thing: correctedPhone},
	}
}

// Event is the audit event of the action.
func (do Action) Event() EventName {
	if x, ok := editings()[do]; ok {
		return x.event
	}
	return EventAlarm
}

// Closes tells whether the action only ends something.
func (do Action) Closes() bool { return editings()[do].closes }

// Canonical is the edit in the form in which it is kept, or what is wrong with it.
func (x Edit) Canonical() (Edit, error) {
	e, ok := editings()[x.Do]
	if !ok {
		return x, ErrNotAllowed
	}
	if e.read == nil {
		return x, nil
	}
	return e.read(x)
}

// Apply edits the account, or returns [ErrNotAllowed] when its state does not
// allow the action.
func (x Edit) Apply(a *Account, now time.Time, l Lifetimes) error {
	e, ok := editings()[x.Do]
	if !ok {
		return ErrNotAllowed
	}
	if x.stale(a) {
		return ErrStale
	}
	edit := func(a *Account) error { return e.apply(x, a, now, l) }
	if e.read != nil { // it sets something
		edit = Within(edit)
	}
	return edit(a)
}

// Thing is what the person is told of it beside the event.
func (x Edit) Thing(before, after *Account, now time.Time) Thing {
	if e := editings()[x.Do]; e.thing != nil {
		return e.thing(x, before, after, now)
	}
	return Thing{}
}

func notIn(a *Account) error { return fmt.Errorf("%w: the account is %s", ErrOtherState, a.State) }

func unlockIt(_ Edit, a *Account, _ time.Time, _ Lifetimes) error {
	a.Unlocks++ // clears password failures, changes no state (AD-03)
	return nil
}

func signOut(_ Edit, a *Account, _ time.Time, _ Lifetimes) error {
	a.Sessions = nil
	a.UntrustDevices()
	return nil
}

func disable(_ Edit, a *Account, _ time.Time, _ Lifetimes) error {
	if a.State == StateDisabled {
		return notIn(a)
	}
	if a.StateBefore = a.State; a.State == StateLeaving {
		a.StateBefore = StateActive // its day stays
	}
	a.State = StateDisabled
	a.EndEverything()
	a.UntrustDevices()
	a.Invited = time.Time{}
	return nil
}

func enable(_ Edit, a *Account, _ time.Time, _ Lifetimes) error {
	if a.stay() {
		return nil
	}
	if a.State != StateDisabled {
		return notIn(a)
	}
	a.State, a.StateBefore, a.Leaving = a.StateBefore, "", time.Time{}
	return nil
}

// leave closes the account at once; it is removed when the time is over, unless it
// is enabled before.
func leave(x Edit, a *Account, now time.Time, l Lifetimes) error {
	if !a.Leaving.IsZero() {
		return notIn(a)
	}
	if a.State != StateDisabled {
		if err := disable(x, a, now, l); err != nil {
			return err
		}
	}
	a.Leaving = now.Add(l.Delete)
	return nil
}

// withdraw ends an invitation. The account stays, and can be invited again.
func withdraw(_ Edit, a *Account, _ time.Time, _ Lifetimes) error {
	if a.State != StateInvited || a.Invited.IsZero() {
		return notIn(a)
	}
	a.EndEverything()
	a.Invited = time.Time{}
	return nil
}

func leaves(_ Edit, _, after *Account, _ time.Time) Thing { return Thing{Ready: after.Leaving} }

func revoke(x Edit, a *Account, _ time.Time, _ Lifetimes) error {
	_, err := a.RevokeKey(x.Key)
	return err
}

func revoked(x Edit, before, _ *Account, _ time.Time) Thing {
	k, _ := before.Clone().RevokeKey(x.Key)
	return Thing{Key: k.Name}
}

func readGroups(x Edit) (Edit, error) {
	var groups []string
	var wrong []error
	for _, g := range x.Groups {
		g = strings.TrimSpace(g)
		_, err := CanonicalGroup(g)
		wrong = append(wrong, err)
		if !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	if len(groups) > MaxGroups {
		wrong = append(wrong, ErrTooManyGroups)
	}
	x.Groups = groups
	return x, errors.Join(wrong...)
}

func regroup(x Edit, a *Account, _ time.Time, _ Lifetimes) error {
	a.Groups = slices.Clone(x.Groups)
	a.Proposals = without(a.Proposals, string(ActionGroups)) // what waits would bring back groups of before
	return nil
}

func regrouped(x Edit, before, _ *Account, _ time.Time) Thing {
	return changed(strings.Join(before.Groups, ", "), strings.Join(x.Groups, ", "))
}

func changed(old, fresh string) Thing {
	if old == "" {
		old = "–"
	}
	if fresh == "" {
		fresh = "–"
	}
	return Thing{Old: old, New: fresh}
}

func readDisplayName(x Edit) (Edit, error) {
	var err error
	x.Name, err = CheckDisplayName(x.Name)
	return x, err
}

func display(x Edit, a *Account, _ time.Time, _ Lifetimes) error {
	a.DisplayName = x.Name
	return nil
}

func displayed(x Edit, before, _ *Account, _ time.Time) Thing {
	return changed(before.DisplayName, x.Name)
}

func readName(x Edit) (Edit, error) {
	x.Name = strings.TrimSpace(x.Name)
	if _, err := CanonicalName(x.Name); err != nil {
		return x, fmt.Errorf("%w: %w", ErrBadName, err)
	}
	return x, nil
}

func rename(x Edit, a *Account, _ time.Time, _ Lifetimes) error {
	a.Name = x.Name
	return nil
}

func renamed(x Edit, before, _ *Account, _ time.Time) Thing { return changed(before.Name, x.Name) }

func extend(x Edit, a *Account, _ time.Time, _ Lifetimes) error {
	a.Extensions = slices.Clone(x.Extensions)
	return nil
}

func extended(x Edit, before, _ *Account, _ time.Time) Thing {
	return changed(lines(before.Extensions), lines(x.Extensions))
}

func lines(list []Extension) string {
	var out []string
	for _, l := range list {
		out = append(out, strings.TrimSpace(l.Number+" "+l.Digits))
	}
	return strings.Join(out, ", ")
}

func readMail(x Edit) (Edit, error) {
	var err error
	if x.Mail, err = CanonicalMail(x.Mail); err != nil {
		return x, ErrBadMail
	}
	return x, nil
}

func correctMail(x Edit, a *Account, now time.Time, l Lifetimes) error {
	return a.ReplaceAddress(ChannelMail, x.Mail, now, l)
}

func correctedMail(x Edit, before, _ *Account, now time.Time) Thing {
	return Thing{Channel: ChannelMail, Old: Mask(before.Address(ChannelMail, now)), New: Mask(x.Mail)}
}

func readPhone(x Edit) (Edit, error) {
	var err error
	if x.Phone, err = CanonicalPhone(x.Phone); err != nil {
		return x, ErrBadPhone
	}
	return x, nil
}

func correctPhone(x Edit, a *Account, now time.Time, l Lifetimes) error {
	return a.ReplaceAddress(ChannelSMS, x.Phone, now, l)
}

func correctedPhone(x Edit, before, _ *Account, now time.Time) Thing {
	return Thing{Channel: ChannelSMS, Old: Mask(before.Address(ChannelSMS, now)), New: Mask(x.Phone)}
}

// Remains replaces the account by what is left of it.
func (a *Account) Remains(r Remnant) {
	*a = Account{ID: a.ID, State: StateGone, Generation: a.Generation + 1, Revision: a.Revision, Remnant: &r, Trail: Trail{Head: a.Trail.Head, Owed: a.Trail.Owed}} // without the key of what is private
}
