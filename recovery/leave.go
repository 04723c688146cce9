package recovery

import "time"

// KindDeleteAccount closes an account for its owner, who wants it gone.
const KindDeleteAccount Kind = "delete_account"

// States of an account that goes.
const (
	// StateLeaving is closed, and removed when [Account.Leaves] has come. Until then
	// any notice, its owner with the existing factor, or an administrator keeps it.
	StateLeaving State = "leaving"
	// StateGone is an account of which nothing is left but that it was there: a
	// session, key, ticket or request of it meets that, and not nobody.
	StateGone State = "gone"
)

func deleteAccountRecipe() Recipe {
	return Recipe{
		Kind: KindDeleteAccount, SignedIn: true, Needs: []Need{Settled, Strong}, Finish: End.leave,
		After: After{To: ToSignIn, Says: []string{"account_leaving"}},
	}
}

// leave signs out everywhere, with the same write.
func (end End) leave(a *Account, eff *Effects) {
	a.Leave(end.Now.Add(end.Policy.Lifetimes.Delete))
	eff.Done(EventLeaving)
}

// Leave closes an account that is to be removed.
func (a *Account) Leave(until time.Time) {
	if a.State != StateLeaving {
		a.StateBefore, a.State = a.State, StateLeaving
	}
	a.Leaves = until
	a.EndEverything()
	a.UntrustDevices()
}

// Stay keeps an account that was to be removed; false: it was not. Its sessions have
// ended, and its access keys stay suspended.
func (a *Account) Stay() bool {
	if a.State != StateLeaving {
		return false
	}
	a.State, a.StateBefore, a.Leaves = a.StateBefore, "", time.Time{}
	return true
}

// Vanish leaves nothing of an account but its id.
func (a *Account) Vanish(now time.Time) {
	*a = Account{ID: a.ID, State: StateGone, Generation: a.Generation + 1, Revision: a.Revision, Gone: now}
}
