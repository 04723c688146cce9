package recovery

// KindOpenCase gives a person a way back that an administrator answers for.
const KindOpenCase Kind = "open_case"

// Questions.
const (
	AskCase Ask = "open_case" // whom an administrator helps, and why
)

func openCaseRecipe() Recipe {
	return Recipe{
		Kind: KindOpenCase, SignedIn: true, Needs: []Need{Administrates, Settled, Strong, because, handed},
		After: After{To: ToPerson, Says: []string{"case_sent", "case_shown", "case_asked", "temporary_sent"}, Which: func(f *Flow) string {
			if f.Second {
				return "case_asked"
			}
			if f.Pending[AdminInPerson].Confirmed {
				return "case_shown"
			}
			if f.Temporary {
				return "temporary_sent"
			}
			return "case_sent"
		}},
	}
}

// because needs whom an administrator helps, what is lost and why.
func because(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Ask: AskCase}, f.Flow.Person == "" || f.Flow.Reason == ""
}

// handed needs the administrator to have seen the code that is to be handed
// over.
func handed(f Facts) (Step, bool) {
	if f.Flow.Temporary || !f.Policy.InPerson(f.Flow.Goal, f.Methods.Has(ChannelMail)) {
		return Step{}, false
	}
	return Enrolled(AdminInPerson)(f)
}

// Administrates needs a member of the group that manages accounts, who has a
// second factor.
func Administrates(f Facts) (Step, bool) {
	if f.Account.Admin() && !f.Methods.HasFactor(f.Account) {
		return Step{Page: PageRefused, Dead: ProblemAdminFactor}, true
	}
	return Step{Page: PageRefused, Dead: ProblemNotAvailable}, !f.Account.Admin()
}
