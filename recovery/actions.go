package recovery

import (
	"fmt"
	"time"
)

// Action is what an administrator does to an account at once.
type Action string

// The actions. None of them lets anybody sign in.
const (
	ActionUnlock  Action = "unlock"
	ActionDisable Action = "disable"
	ActionEnable  Action = "enable"
	ActionSignOut Action = "sign_out"
)

// Apply edits the account, or returns [ErrNotAllowed] when its state does not
// allow the action.
func (do Action) Apply(a *Account) error {
	switch {
	case do == ActionEnable && a.Stay():
	case a.State == StateLeaving:
		return fmt.Errorf("%w: the account is %s", ErrNotAllowed, a.State)
	case do == ActionUnlock:
		a.Unlocks++ // clears password failures, changes no state (AD-03)
	case do == ActionSignOut:
		a.Sessions = nil
		a.UntrustDevices()
	case do == ActionDisable && a.State != StateDisabled:
		a.State, a.StateBefore = StateDisabled, a.State
		a.EndEverything()
		a.UntrustDevices()
		a.Invited = time.Time{}
	case do == ActionEnable && a.State == StateDisabled:
		a.State, a.StateBefore = a.StateBefore, ""
	default:
		return fmt.Errorf("%w: the account is %s", ErrNotAllowed, a.State)
	}
	return nil
}

// Event is the audit event of the action.
func (do Action) Event() EventName {
	switch do {
	case ActionUnlock:
		return EventUnlocked
	case ActionDisable:
		return EventDisabled
	case ActionEnable:
		return EventEnabled
	case ActionSignOut:
		return EventSessionsEnded
	}
	return EventAlarm
}
