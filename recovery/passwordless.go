package recovery

// KindDropPassword takes the password off an account that signs in without it.
const KindDropPassword Kind = "drop_password"

// Sole is a method that may be first and second factor at once, so that an account
// needs no password beside it.
type Sole interface {
	Method
	// Alone counts the account's credentials that sign in alone. apart tells that
	// the account has another one that is no copy of the first and not lost with it.
	Alone(a *Account) (n int, apart bool)
}

// Alone tells whether an account can sign in without a password, and whether it has
// a credential to spare then.
func (m *Methods) Alone(a *Account) (can, spare bool) {
	for _, x := range m.list {
		_, named := x.(Namer) // it has to come before anything else
		if sole, ok := x.(Sole); ok && named {
			n, apart := sole.Alone(a)
			can, spare = can || n > 0, spare || n > 0 && apart
		}
	}
	return can, spare
}

func dropPasswordRecipe() Recipe {
	return Recipe{
		Kind: KindDropPassword, SignedIn: true, Change: "drop_password",
		Needs: []Need{Settled, dispensable, Strong, spared},
		Finish: func(end End, a *Account, eff *Effects) {
			a.Drop(Password)
			end.endOthers(a, eff)
			eff.Done(EventPasswordDropped)
		},
		After: After{Page: "sign-in", Says: []string{"password_dropped"}},
	}
}

// dispensable refuses where there is no password, or nothing that signs in alone.
func dispensable(f Facts) (Step, bool) {
	can, _ := f.Methods.Alone(f.Account)
	return Step{Page: PageRefused, Dead: ProblemNeedsPassword}, !can || f.Account.Credential(Password) == nil
}

// spared needs a second way to show who one is: another credential, or the recovery
// codes, of which one is typed to see that they are at hand.
func spared(f Facts) (Step, bool) {
	if _, spare := f.Methods.Alone(f.Account); spare {
		return Step{}, false
	}
	return trial(f)
}

// currentPassword asks for the password of an account that has one.
func currentPassword(f Facts) (Step, bool) {
	if f.Account.Credential(Password) == nil {
		return Step{}, false
	}
	return oneOf(f, []string{Password})
}
