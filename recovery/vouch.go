package recovery

import "slices"

// Kinds.
const (
	KindAddContact   Kind = "add_contact"
	KindVouch        Kind = "approve_contact"
	KindDrillContact Kind = "drill_contact"
)

// Questions.
const (
	AskPerson  Ask = "add_contact" // who may vouch
	AskRequest Ask = "approve"     // the code of a pending request
	AskConsent Ask = "vouch"       // the last click of somebody who vouches
)

func addContactRecipe() Recipe {
	return Recipe{
		Kind: KindAddContact, SignedIn: true, Change: "add_contact",
		Needs: []Need{Settled, Strong, somebody}, Finish: End.addTrustedContact,
		After: After{Page: "recovery", Says: []string{"contact_added"}},
	}
}

// vouchRecipe is the other side of a request: what is finished is written into
// the request of somebody else.
func vouchRecipe() Recipe {
	return Recipe{
		Kind: KindVouch, SignedIn: true, Needs: []Need{Settled, request, Strong, consent},
		Finish: func(_ End, _ *Account, eff *Effects) { eff.Answers = true },
		After:  After{Says: []string{"vouched"}},
	}
}

func drillContactRecipe() Recipe {
	return Recipe{
		Kind: KindDrillContact, SignedIn: true, Trial: true, Needs: []Need{Proved(VouchedBy)}, Finish: End.drilled,
		After: After{Page: "recovery", Says: []string{"contact_ok"}},
	}
}

// addTrustedContact names somebody who may vouch.
func (end End) addTrustedContact(a *Account, eff *Effects) {
	v := TrustedContact{ID: end.Flow.Person, Name: end.Flow.PersonName, Since: end.Now}
	a.TrustedContacts = slices.DeleteFunc(a.TrustedContacts, func(x TrustedContact) bool { return x.ID == v.ID })
	a.TrustedContacts = append(a.TrustedContacts, v)
	if over := len(a.TrustedContacts) - maxTrustedContacts; over > 0 {
		a.TrustedContacts = a.TrustedContacts[over:]
	}
	eff.Thing = Thing{Person: v.Name}
	eff.Done(EventTrustedContactAdded)
}

// nameInviter makes whoever has invited somebody one who may vouch, if the new person
// has said so.
func (end End) nameInviter(a *Account) {
	if end.Flow.Names && end.Flow.Person != "" {
		a.TrustedContacts = []TrustedContact{{ID: end.Flow.Person, Name: end.Flow.PersonName, Since: end.Now}}
	}
}

const maxTrustedContacts = 10

// somebody needs the name of another person here.
func somebody(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Ask: AskPerson}, f.Flow.Person == ""
}

// request needs the code of a pending request to vouch.
func request(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Ask: AskRequest}, f.Flow.Request == ""
}

// consent needs the final confirmation.
func consent(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Ask: AskConsent}, !f.Flow.Consented
}
