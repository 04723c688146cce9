package recovery

import (
	"slices"
	"time"
)

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
			end.enter(a, eff)
			eff.Events = append(eff.Events, EventSetup)
		},
		BadTicket: ProblemSetupWrong,
		After:     After{To: ToReturn},
	}
}

func activateRecipe() Recipe {
	return Recipe{
		Kind: KindActivate, Tickets: []string{Invite}, States: []State{StateInvited},
		Needs: []Need{ticket(Invite, PageActivate), factorPlan, planned, answered(ConfirmMail), answered(ConfirmPhone), factorOrLater, Enrolled(RecoveryCode)},
		Finish: func(end End, a *Account, eff *Effects) {
			end.activate(a)
			end.enter(a, eff)
			end.nameInviter(a)
			eff.Events = append(eff.Events, EventActivated)
			if a.Admin() {
				eff.TellAdmins = append(eff.TellAdmins, EventActivated)
			}
		},
		After: After{To: ToReturn},
	}
}

// activate makes an account usable, with everything its owner has enrolled.
func (end End) activate(a *Account) {
	a.Lang = end.Flow.Lang
	end.Install(a, Password)
	end.renewFactor(a) // while it is not active yet there is nothing to keep of before
	a.State, a.Invited, a.Invitation = StateActive, time.Time{}, ""
	a.asked()
	for i := range a.Credentials {
		a.Credentials[i].Initial = true
	}
	a.Generation++
}

// enter signs in the browser in which the account was made: password and second
// factor were shown in this very flow. It is not kept signed in, and nothing is
// skipped there next time. No other kind of flow that begins with a link does so.
func (end End) enter(a *Account, eff *Effects) {
	eff.Shown = append(slices.Clone(eff.Shown), end.confirmed(a)...)
	end.Flow.Remember, end.Flow.Trust = false, false
	end.issue(a, end.meet(a, eff), eff)
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
