package recovery

// because needs the person to help, what is lost and the reason.
func because(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Method: string(KindOpenCase)}, f.Flow.Person == "" || f.Flow.Reason == ""
}

// handed needs the administrator to have seen the code that is to be handed
// over.
func handed(f Facts) (Step, bool) {
	if !f.Policy.InPerson(f.Flow.Goal, f.Methods.Has(ChannelMail)) {
		return Step{}, false
	}
	return enrolled(AdminInPerson)(f)
}

// NeedAdmin needs a member of the group that manages accounts.
func NeedAdmin(f Facts) (Step, bool) {
	return Step{Page: PageRefused, Dead: ProblemNotAvailable}, !f.Account.Admin()
}
