package recovery

import "time"

// Act is something that an account's owner has done: a sign-in with the second
// factor, or a change from a session. It ends every recovery, case and wait that
// began before, since whoever began those either is the owner, who has what was
// lost, or is not.
type Act struct {
	At     time.Time `json:"at"`
	SignIn bool      `json:"sign_in,omitempty"` // a sign-in with the second factor; false: a change
}

// Act notes an act of the owner. A closed account has no owner who acts: a
// recovery that is to be left alone begins after "this wasn't me".
func (a *Account) Act(now time.Time, signIn bool) {
	if a.State != StateActive {
		return
	}
	a.Acts++
	a.LastAct = Act{At: now, SignIn: signIn}
	a.Waits = nil
	a.Proposals = without(a.Proposals, proposedCase)
}
