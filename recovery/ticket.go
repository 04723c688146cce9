package recovery

import "time"

// Ticket is a single-use secret that no browser asked for: set-up, invitation,
// case, rescue, and the "this wasn't me" links. Only its MAC is stored, as the
// name of the record.
type Ticket struct {
	Purpose    string    `json:"purpose"` // SetupTicket, Invite, Admin, AdminInPerson, TemporaryPassword, Rescue, PurposeStop, PurposeReinstate
	Account    string    `json:"account"`
	Generation uint64    `json:"generation"`
	Acts       uint64    `json:"acts,omitempty"` // of the account when it was made
	Made       time.Time `json:"made"`
	Expires    time.Time `json:"expires"`
	Binding    string    `json:"binding,omitempty"` // the browser that first posted it
	Maker      string    `json:"maker,omitempty"`   // Invite: id of who has invited; empty: the command line
	By         string    `json:"by,omitempty"`      // its name
	Event      EventName `json:"event,omitempty"`
	To         string    `json:"to,omitempty"`      // entry of the only address that it went to; empty: somebody was shown it, too
	About      string    `json:"about,omitempty"`   // PurposeStop: entry of the address that a change took in; PurposeReinstate: id of the demotion
	Pressed    bool      `json:"pressed,omitempty"` // PurposeStop: it has closed the account, and is only there to say so
}

// PurposeStop is the purpose of "this wasn't me" links, which begin no flow.
const PurposeStop = "stop"

// PurposeReinstate is the purpose of the link by which an administrator undoes what
// another one did. It begins no flow either.
const PurposeReinstate = "reinstate"

// TemporaryPassword is the purpose of its ticket: an administrator's case whose
// secret, of 80 bits, is mailed and typed where a password is. As a proof it is
// [Admin], in the ways of the policy, and nowhere [Password].
const TemporaryPassword = "temporary_password"

// TemporaryLife is how long a temporary password works, once.
const TemporaryLife = 24 * time.Hour

// OfTicket returns the lifetime of a ticket that begins a flow.
func (l Lifetimes) OfTicket(purpose string) time.Duration {
	switch purpose {
	case SetupTicket:
		return l.Setup
	case Invite:
		return l.Invite
	case Rescue:
		return l.Rescue
	case Admin, AdminInPerson:
		return l.Case
	case TemporaryPassword:
		return TemporaryLife
	}
	return 0
}
