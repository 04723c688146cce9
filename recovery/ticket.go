package recovery

import "time"

// Ticket is a single-use secret nobody asked for in a browser: set-up, invite,
// rescue, and the "this wasn't me" links. Only its MAC is stored, as the name
// of the record.
type Ticket struct {
	Purpose    string    `json:"purpose"` // SetupTicket, Invite, Rescue, purposeStop
	Account    string    `json:"account"`
	Generation uint64    `json:"generation"`
	Made       time.Time `json:"made"`
	Expires    time.Time `json:"expires"`
	Binding    string    `json:"binding,omitempty"` // the browser that first posted it
	Event      EventName `json:"event,omitempty"`
}

const PurposeStop = "stop"

// OfTicket is how long a ticket that begins a flow lives.
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
	}
	return 0
}

func TicketKind(purpose string) Kind {
	switch purpose {
	case SetupTicket:
		return KindSetup
	case Invite:
		return KindActivate
	case Rescue, Admin, AdminInPerson:
		return KindRecover
	}
	return ""
}
