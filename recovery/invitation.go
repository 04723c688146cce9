package recovery

import "time"

// InviteState is what has become of an invitation. It is kept beyond the end, so
// that whoever has the link reads why it leads nowhere.
type InviteState string

// The states. The zero value says that nothing has ended it but time.
const (
	InviteOpen    InviteState = ""
	InviteUsed    InviteState = "used"
	InviteRevoked InviteState = "revoked"
	InviteExpired InviteState = "expired"
	InviteFull    InviteState = "full" // of a group's link: every place is used
)

// InviteRemembered is how long the state of an invitation is kept after its end.
const InviteRemembered = 30 * 24 * time.Hour

// Invitation is what is known of an invitation by whoever has its link, and nothing
// else: neither whose it is nor who has made it.
type Invitation struct {
	State InviteState `json:"state,omitempty"`
	Ends  time.Time   `json:"ends"`
}

// At is the state at a time.
func (i Invitation) At(now time.Time) InviteState {
	if i.State == InviteOpen && !now.Before(i.Ends) {
		return InviteExpired
	}
	return i.State
}

// Problem is the key of what is said of a link in a state; empty of one that is open.
func (s InviteState) Problem() string {
	return map[InviteState]string{InviteUsed: ProblemInviteUsed, InviteRevoked: ProblemInviteRevoked, InviteExpired: ProblemInviteExpired, InviteFull: ProblemInviteFull}[s]
}

// InviteStateOf is the state that a problem tells of; [InviteOpen] when it tells of none.
func InviteStateOf(problem string) InviteState {
	for _, s := range []InviteState{InviteUsed, InviteRevoked, InviteExpired, InviteFull} {
		if s.Problem() == problem {
			return s
		}
	}
	return InviteOpen
}
