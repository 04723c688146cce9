package recovery

import "time"

// Kinds.
const (
	KindSetup    Kind = "setup"
	KindActivate Kind = "activate"
)

// Questions.
const (
	AskName Ask = "name" // the first account's name, address and number
)

func setupRecipe() Recipe {
	return Recipe{
		Kind: KindSetup, Tickets: []string{SetupTicket}, States: []State{""}, Creates: true,
		Needs: []Need{ticket(SetupTicket, PageSetup), named, Enrolled(Password), answered(ConfirmMail), answered(ConfirmPhone), newFactor, Enrolled(RecoveryCode)},
		Finish: func(end End, a *Account, eff *Effects) {
			end.activate(a)
			eff.Events = append(eff.Events, EventSetup)
		},
		BadTicket: ProblemSetupWrong,
		After:     After{To: ToSignIn, Says: []string{"account_ready"}},
	}
}

func activateRecipe() Recipe {
	return Recipe{
		Kind: KindActivate, Tickets: []string{Invite}, States: []State{StateInvited},
		Needs: []Need{ticket(Invite, PageActivate), Enrolled(Password), answered(ConfirmMail), answered(ConfirmPhone), newFactor, Enrolled(RecoveryCode)},
		Finish: func(end End, a *Account, eff *Effects) {
			end.activate(a)
			eff.Events = append(eff.Events, EventActivated)
		},
		After: After{To: ToSignIn, Says: []string{"account_ready"}},
	}
}

// activate makes an account usable, with everything its owner has enrolled.
func (end End) activate(a *Account) {
	a.Lang = end.Flow.Lang
	end.Install(a, Password)
	end.renewFactor(a) // while it is not active yet there is nothing to keep of before
	a.State, a.Invited = StateActive, time.Time{}
	a.asked()
	for i := range a.Credentials {
		a.Credentials[i].Initial = true
	}
	a.Generation++
}

// ticket needs a single-use link that came from elsewhere.
func ticket(method, page string) Need {
	return func(f Facts) (Step, bool) {
		return Step{Page: page, Method: method}, !f.Flow.Has(method)
	}
}

// named needs the first account's name, and takes address and number with it.
func named(f Facts) (Step, bool) {
	return Step{Page: PageSetup, Ask: AskName}, f.Flow.Name == ""
}
