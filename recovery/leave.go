package recovery

// KindDeleteAccount closes an account for its owner, who wants it gone.
const KindDeleteAccount Kind = "delete_account"

func deleteAccountRecipe() Recipe {
	return Recipe{
		Kind: KindDeleteAccount, SignedIn: true, Needs: []Need{Settled, Strong}, Finish: End.giveUp,
		After: After{To: ToSignIn, Page: "contact", Says: []string{"account_given_up"}},
	}
}

// giveUp closes the account, which is removed when its day has come. Somebody else in
// a session may have done it: every channel is told, and each notice undoes it.
func (end End) giveUp(a *Account, eff *Effects) {
	a.State, a.Leaving = StateLeaving, end.Now.Add(end.Policy.Lifetimes.Delete)
	a.EndEverything()
	a.UntrustDevices()
	eff.Thing.Ready = a.Leaving
	eff.Done(EventAccountGivenUp)
	if a.Admin() {
		eff.TellAdmins = append(eff.TellAdmins, EventAdminTaken)
	}
}
