package recovery

import (
	"slices"
	"time"
)

// ReinstateFor is how long an administrator can take back what another one did to
// their being one.
const ReinstateFor = 72 * time.Hour

// Demote notes what an account was before an act took away its being an
// administrator who can act.
func (a *Account) Demote(before *Account, id string, now time.Time) {
	a.Demotion = &Demotion{ID: id, Until: now.Add(ReinstateFor), Was: string(before.State), Before: string(before.StateBefore)}
}

// Reinstates tells whether a demotion can be undone now.
func (a *Account) Reinstates(id string, now time.Time) bool {
	return a.Demotion != nil && a.Demotion.ID == id && now.Before(a.Demotion.Until)
}

// Reinstate makes somebody an administrator again, and opens the account if that was
// closed with it. Sign-ins that ended stay ended. One that a notice has closed
// meanwhile stays closed. Error: [ErrMoved] when there is nothing to undo any more.
func (a *Account) Reinstate(id string, now time.Time) error {
	if !a.Reinstates(id, now) {
		return ErrMoved
	}
	if !a.Admin() {
		a.Groups = append(slices.Clone(a.Groups), GroupAdmins)
	}
	if a.State == StateDisabled {
		a.State, a.StateBefore, a.Leaving = State(a.Demotion.Was), State(a.Demotion.Before), time.Time{}
	}
	a.Demotion = nil
	return nil
}
