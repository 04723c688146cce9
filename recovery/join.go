package recovery

// KindJoin makes an account by a group's link.
const KindJoin Kind = "join"

// Questions.
const (
	AskJoinMail Ask = "join_mail" // the mail address, which is proved before anything of it is claimed
	AskJoinName Ask = "join_name"
)

func joinRecipe() Recipe {
	return Recipe{
		Kind: KindJoin, Tickets: []string{GroupInvite}, States: []State{StateInvited}, Creates: true,
		Needs: []Need{
			ticket(GroupInvite, PageActivate), joinMail, Proved(ConfirmMail), joinName,
			factorPlan, planned, factorOrLater, Enrolled(RecoveryCode),
		},
		Finish: func(end End, a *Account, eff *Effects) {
			end.activate(a)
			end.enter(a, eff)
			end.nameInviter(a)
			eff.Events = append(eff.Events, EventJoined)
		},
		After: After{To: ToReturn},
	}
}

func joinMail(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Ask: AskJoinMail}, f.Flow.Mail == ""
}

func joinName(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Ask: AskJoinName}, f.Flow.Name == ""
}
