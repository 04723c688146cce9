package recovery

import "time"

// stay keeps an account that its owner gave up; false: nobody did. Its sessions have
// ended, and its access keys stay suspended.
func (a *Account) stay() bool {
	if a.State != StateLeaving {
		return false
	}
	a.State, a.Leaving = StateActive, time.Time{}
	return true
}
