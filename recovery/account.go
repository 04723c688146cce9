package recovery

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// State of an account. The zero value is no state at all and opens nothing.
type State string

// The states. Only an active account can sign in.
const (
	StateInvited  State = "invited"
	StateActive   State = "active"
	StateFrozen   State = "frozen"
	StateDisabled State = "disabled"
	// StateLeaving is closed by its owner, and removed when [Account.Leaving] has come.
	// Until then a sign-in, any notice or an administrator keeps it.
	StateLeaving State = "leaving"
	// StateGone is an account that was removed. The record is left with its id, so
	// that a session, key, ticket or flow of it meets what is gone, and not nothing,
	// which would be an alarm.
	StateGone State = "gone"
)

// Limits of one account record, so that it stays small enough to be replaced
// in a single write.
const (
	MaxDevices     = 20
	MaxSessions    = 20
	MaxNear        = 5 // sessions of one factor, which take no place of the others
	MaxCredentials = 20
)

// GroupAdmins is the group whose members may manage other accounts.
const GroupAdmins = "admins"

// Account is a person. Everything that a recovery replaces together is in this
// one record, so that one write replaces it. After a crash the old set or the
// new set is there, never none or both (MF-05).
type Account struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`              // as typed; compared by its canonical form
	DisplayName string    `json:"display,omitempty"` // as [CheckDisplayName]; empty: Name
	State       State     `json:"state"`
	Leaving     time.Time `json:"leaving,omitzero"` // closed, and removed then; zero: it stays
	Remnant     *Remnant  `json:"gone,omitempty"`   // [StateGone]
	StateBefore State     `json:"was,omitempty"`    // before it was disabled; enabling restores it
	Generation  uint64    `json:"generation"`       // raised to end all sessions, flows and tickets
	Created     time.Time `json:"created"`
	Invited     time.Time `json:"invited,omitzero"`     // end of its invitation; zero: there is none
	Invitation  string    `json:"invitation,omitempty"` // record that tells what has become of it
	Lang        string    `json:"lang,omitempty"`
	Groups      []string  `json:"groups,omitempty"`

	Addresses       []Address        `json:"contacts,omitempty"`
	Extensions      []Extension      `json:"lines,omitempty"`
	Credentials     []Credential     `json:"credentials,omitempty"`
	Devices         []Device         `json:"devices,omitempty"`
	Sessions        []Session        `json:"sessions,omitempty"`
	AccessKeys      []AccessKey      `json:"keys,omitempty"`
	Spent           []Spent          `json:"spent,omitempty"`
	Waits           []Wait           `json:"waits,omitempty"`
	Stopped         []Stopped        `json:"stopped,omitempty"`
	Owed            []Owed           `json:"owed,omitempty"`  // notices not handed over yet
	Trail           Trail            `json:"trail,omitzero"`  // its place in the audit trail
	Begun           []BegunSignIn    `json:"begun,omitempty"` // sign-ins whose end is not known yet
	TrustedContacts []TrustedContact `json:"vouchers,omitempty"`
	Proposals       []Proposal       `json:"proposals,omitempty"` // what one administrator asks for and another one has to agree to
	Demotion        *Demotion        `json:"demotion,omitempty"`  // what an administrator may undo that another one did
	Removed         *Removed         `json:"removed,omitempty"`   // second factors that were taken off lately
	Drilled         time.Time        `json:"drilled,omitzero"`    // last time a way back was tried out
	Reminded        time.Time        `json:"reminded,omitzero"`   // last time a mail asked to try one
	OldCodes        *OldCodes        `json:"before,omitempty"`
	UnfreezeWith    *OldCodes        `json:"thaw,omitempty"`      // decided when a notice froze the account; nil: no code opens it
	ClosedFor       time.Time        `json:"closed_for,omitzero"` // of what closed it: the earliest change that a pressed notice told
	CodeUsed        time.Time        `json:"code_used,omitzero"`  // last time a recovery code was spent
	Withdrawn       []Withdrawn      `json:"withdrawn,omitempty"`
	Opened          uint64           `json:"opened,omitempty"` // generation in which it was last opened after a notice had closed it; zero: never
	Acts            uint64           `json:"acts,omitempty"`   // raised by each act of its owner, which ends what others began
	LastAct         Act              `json:"last_act,omitzero"`

	Imported *Import `json:"imported,omitempty"` // brought along from another program; nil: it was not
	Revision uint64  `json:"revision,omitempty"` // raised with every write: an older value of the record shows

	// SecondFactor says that this account signs in with two factors. It is
	// stored apart from the credentials: if those went missing, sign-in must be
	// denied, not fall back to one factor (MF-13).
	SecondFactor bool      `json:"second_factor,omitempty"`
	FirstFactor  time.Time `json:"first_factor,omitzero"` // when an account that was in use without one got it; zero: never, or it was undone
	Probation    time.Time `json:"probation,omitzero"`    // until then no changes of factors, contacts or codes
	Recovered    time.Time `json:"recovered,omitzero"`    // last time it was got back by a way back in
	// Unlocks is part of the name of the password meters: raising it forgets
	// what was counted, wherever it came from, and nothing else.
	Unlocks uint64 `json:"unlocks,omitempty"`
	// SignIns counts the sign-ins that came to their end. Each one ends the row
	// of wrong passwords before it.
	SignIns uint64 `json:"sign_ins,omitempty"`
	// LastCode is where the newest code of a second factor was used.
	LastCode CodeUse `json:"last_code,omitzero"`
}

// Address is an address or number people can be reached at.
type Address struct {
	Channel    string    `json:"channel"`         // ChannelMail, ChannelSMS
	Value      string    `json:"address"`         // canonical
	Unproven   bool      `json:"given,omitempty"` // set by an administrator: nobody has proved it, so no message goes there before it counts
	ValidFrom  time.Time `json:"counts,omitzero"` // no proof before: it has just been set
	ValidUntil time.Time `json:"until,omitzero"`  // replaced: used until its successor counts
	Answered   Answered  `json:"answered,omitempty"`
}

// Answered tells whether a code that was sent to an address has come back.
type Answered string

// The values. Older versions asked for no code, and wrote none of them: their
// addresses count as before, or their owners would lose the ways back they have.
// Where nobody has answered is therefore a value of its own.
const (
	AnsweredUnknown Answered = ""
	AnsweredNo      Answered = "no"
	AnsweredYes     Answered = "yes"
)

// Extension is a main phone number and an extension people know themselves by. It
// finds an account and proves nothing; messages go to contacts.
type Extension struct {
	Number string `json:"number"` // E.164
	Digits string `json:"extension,omitempty"`
}

// OldCodes is a sheet of recovery codes that can open a closed account: one of
// set-up or activation, or one that has ripened. It has when a full sign-in used
// a second factor after the life of a notice had passed since the sheet and every
// factor were made. An act and time are both needed, since a thief may have
// either: who replaced the factor can sign in, and who cannot sign in can wait.
// The newest sheet that counts is kept until a newer one does.
type OldCodes struct {
	Made  time.Time       `json:"made,omitzero"`
	Until time.Time       `json:"until,omitzero"`  // written by older versions, for 72 hours; zero: without end
	Codes json.RawMessage `json:"codes,omitempty"` // as the recovery code method stored them
}

func (o *OldCodes) over(now time.Time) bool { return !o.Until.IsZero() && !now.Before(o.Until) }

// TrustedContact is another person with an account here, who may vouch for this one.
type TrustedContact struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"`
	Since time.Time `json:"since,omitzero"`
}

// Credential is one enrolled authenticator. Data is understood by its method
// only; the record around it is sealed under the account's key name, so that
// data moved to another account does not open (KY-02).
type Credential struct {
	ID           string          `json:"id"`
	Method       string          `json:"method"`
	Version      uint64          `json:"version"`           // raised when Data is replaced; not by use
	Label        string          `json:"label,omitempty"`   // what its owner calls it
	Browser      string          `json:"browser,omitempty"` // it was made in, where an account may have several
	Created      time.Time       `json:"created"`
	Initial      bool            `json:"initial,omitempty"` // made at set-up or activation
	Opens        bool            `json:"opens,omitempty"`   // recovery codes that count for opening a closed account
	NoProofUntil time.Time       `json:"barred,omitzero"`   // set by recovery: until then no proof for a lost second factor
	Data         json.RawMessage `json:"data"`
}

// Device is a browser this account has fully signed in on.
type Device struct {
	ID         string    `json:"id"`
	TokenHash  string    `json:"sum"` // of its token in the device cookie
	Browser    string    `json:"browser"`
	Label      string    `json:"label,omitempty"`   // what its owner calls it
	Network    string    `json:"network,omitempty"` // where it signed in last, as [Client.Network]
	First      time.Time `json:"first"`
	Seen       time.Time `json:"seen"`
	Paged      time.Time `json:"paged,omitzero"`      // last page load by a person, as of a day ago
	Sure       bool      `json:"sure,omitempty"`      // more than a password was shown when it became known
	Remembered time.Time `json:"remembered,omitzero"` // until then it skips the second factor, as long as the policy lets any
	Skip       string    `json:"skip,omitempty"`      // sum of the token that does; empty: none
	SkipBefore string    `json:"skip_before,omitempty"`
	SkipSince  time.Time `json:"skip_since,omitzero"` // when Skip took the place of SkipBefore
	Admitted   time.Time `json:"admitted,omitzero"`   // another browser let it in: until then it changes nothing and is not known; zero: its owner showed a factor there
}

// CodeUse is the browser in which a code was used: a known one, or the one that a
// flow was bound to. Whoever types the code once more there has only been quick.
type CodeUse struct {
	Binding string `json:"binding,omitempty"` // as [Flow.Binding]
	Device  string `json:"device,omitempty"`  // id; empty: the browser was not known
}

// met notes that the browser of a flow is known from now on.
func (u *CodeUse) met(binding, device string) {
	if u.Binding != "" && u.Binding == binding {
		u.Device = device
	}
}

// By tells whether it was this browser: by the known device it is, or by one of
// its flow tokens.
func (u CodeUse) By(d *Device, flows []string) bool {
	return d != nil && u.Device == d.ID || u.Binding != "" && holds(flows, u.Binding)
}

// Spent is a single-use thing that has been used. It is kept until the thing
// itself has expired.
type Spent struct {
	ID    string    `json:"id"`
	Until time.Time `json:"until"`
}

// Kind is what the thing is: the part of its id before the slash.
func (s Spent) Kind() string {
	kind, _, _ := strings.Cut(s.ID, "/")
	return kind
}

// Wait is the cool-down of a recovery. It is a dated fact in the account and
// not a flow. From Ready to Until a new flow with the same proofs finishes the
// recovery.
type Wait struct {
	Goal  Goal      `json:"goal"`
	Way   []string  `json:"way"` // its proofs, sorted
	Began time.Time `json:"began,omitzero"`
	Ready time.Time `json:"ready"`
	Until time.Time `json:"until"`
	// Proofs are the methods shown when it began, and Browser where that was.
	Proofs  []string `json:"proofs,omitempty"`
	Browser string   `json:"browser,omitempty"`
	// Known are the browsers on which the owner said that it was them.
	Known []string `json:"known,omitempty"`
}

// Stopped is a way whose wait the owner has stopped.
type Stopped struct {
	Goal   Goal      `json:"goal"`
	Way    []string  `json:"way"`    // as [Wait.Way]
	Proofs []string  `json:"proofs"` // shown when the wait began
	Until  time.Time `json:"until"`
}

// Credential returns the first credential of a method.
func (a *Account) Credential(method string) *Credential {
	for i := range a.Credentials {
		if a.Credentials[i].Method == method {
			return &a.Credentials[i]
		}
	}
	return nil
}

// CredentialsOf returns the credentials of a method.
func (a *Account) CredentialsOf(method string) []Credential {
	return slices.DeleteFunc(slices.Clone(a.Credentials), func(c Credential) bool { return c.Method != method })
}

// Drop removes all credentials of the methods.
func (a *Account) Drop(methods ...string) {
	a.Credentials = slices.DeleteFunc(a.Credentials, func(c Credential) bool {
		return slices.Contains(methods, c.Method)
	})
}

// Address returns the address for a channel that counts now, confirmed or not;
// empty if there is none. It is what pages and apps show: for what proves
// something see [Account.Source].
func (a *Account) Address(channel string, now time.Time) string {
	return a.current(channel, now).Value
}

// current is the entry for a channel that is used now; empty if there is none.
func (a *Account) current(channel string, now time.Time) Address {
	for _, c := range a.Addresses {
		if c.Channel == channel && !now.Before(c.ValidFrom) && (c.ValidUntil.IsZero() || now.Before(c.ValidUntil)) {
			return c
		}
	}
	return Address{}
}

// Device finds a known device by the device cookie.
func (a *Account) Device(cookie string) *Device {
	for _, m := range marks(cookie) {
		sum := secret.Sum(m.known)
		for i := range a.Devices {
			if a.Devices[i].TokenHash == sum {
				return &a.Devices[i]
			}
		}
	}
	return nil
}

// Admin reports whether the account may manage others.
func (a *Account) Admin() bool { return slices.Contains(a.Groups, GroupAdmins) }

// ErrSpent says that a single-use thing was used already.
var ErrSpent = errors.New("already used")

// spend marks a single-use thing as used, or returns ErrSpent.
func (a *Account) spend(id string, until, now time.Time) error {
	a.Spent = slices.DeleteFunc(a.Spent, func(s Spent) bool { return !now.Before(s.Until) })
	if slices.ContainsFunc(a.Spent, func(s Spent) bool { return s.ID == id }) {
		return ErrSpent
	}
	a.Spent = append(a.Spent, Spent{ID: id, Until: until})
	return nil
}

// EndEverything ends every session, flow, ticket and wait of the account, and
// suspends its access keys: somebody else may have made or read them.
func (a *Account) EndEverything() {
	a.endButKeys()
	for i := range a.AccessKeys {
		a.AccessKeys[i].Suspended = true
	}
}

// endButKeys is EndEverything for a change of the password by its owner, of which
// programs know nothing.
func (a *Account) endButKeys() {
	a.Generation++
	a.Sessions = nil
	a.Waits = nil
}

// Notable tells whether a change would be missed if an older value of the account
// came back: a credential was replaced or used, or a session or access key has
// ended.
func Notable(before, after *Account) bool {
	return before.Generation != after.Generation || len(after.Sessions) < len(before.Sessions) || len(after.AccessKeys) < len(before.AccessKeys) ||
		!slices.EqualFunc(before.Credentials, after.Credentials, func(a, b Credential) bool {
			return a.ID == b.ID && a.Version == b.Version && bytes.Equal(a.Data, b.Data)
		})
}

// DropExpired drops what has ended and keeps the record within its limits: what was
// used last the longest ago goes first. It names the browsers that were one too many.
func (a *Account) DropExpired(now time.Time) (gone []Thing) {
	a.Addresses = slices.DeleteFunc(a.Addresses, func(c Address) bool { return !c.ValidUntil.IsZero() && !now.Before(c.ValidUntil) })
	a.DropOwed(now)
	a.Stopped = slices.DeleteFunc(a.Stopped, func(x Stopped) bool { return !now.Before(x.Until) })
	a.Withdrawn = slices.DeleteFunc(a.Withdrawn, func(w Withdrawn) bool { return !now.Before(w.Until) })
	if a.Removed != nil && !now.Before(a.Removed.Until) {
		a.Removed = nil
	}
	if a.OldCodes != nil && a.OldCodes.over(now) {
		a.OldCodes = nil
	}
	a.Sessions = slices.DeleteFunc(a.Sessions, func(s Session) bool { return !a.live(&s, now) })
	gone = append(a.fewDevices(MaxDevices), a.newest(false, MaxSessions)...)
	a.newest(true, MaxNear)
	return gone
}

// Forget makes a known browser unknown, which ends its sessions; false: it was not
// known.
func (a *Account) Forget(id string) bool {
	before := len(a.Devices)
	a.Devices = slices.DeleteFunc(a.Devices, func(d Device) bool { return d.ID == id })
	if len(a.Devices) == before {
		return false
	}
	a.Sessions = slices.DeleteFunc(a.Sessions, func(s Session) bool { return s.Device == id })
	return true
}

// fewDevices forgets those used last the longest ago, until there are n, and names
// them.
func (a *Account) fewDevices(n int) (gone []Thing) {
	for len(a.Devices) > n {
		oldest := slices.MinFunc(a.Devices, func(x, y Device) int { return x.Seen.Compare(y.Seen) })
		a.Forget(oldest.ID)
		gone = append(gone, called(oldest.Label, oldest.Browser))
	}
	return gone
}

// Clone makes a deep copy, so that an edit that fails has changed nothing.
func (a *Account) Clone() *Account {
	c := *a
	copyBelow(reflect.ValueOf(&c).Elem())
	return &c
}
