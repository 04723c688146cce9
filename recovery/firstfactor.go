package recovery

// beside needs one thing more than the password before an account without a second
// factor gets its first one, or what could stand beside the password in its place:
// codes, an address (MF-14). A thief of the password would otherwise lock its owner
// out. An administrator's case is another flow, see [firstByCase].
func beside(f Facts) (Step, bool) {
	if f.Methods.HasFactor(f.Account) || f.sureBrowser() {
		return Step{}, false
	}
	ways := []string{MailCode, SMSCode, RecoveryCode}
	if PasswordBarred(f) { // the mailbox may be all that the new password took (MF-17)
		ways = ways[1:]
	}
	step, missing := oneOf(f, ways)
	if step.Dead != "" {
		step.Dead = ProblemNothingBeside
	}
	return step, missing
}

// sureBrowser tells that somebody has shown more than a password in this browser
// before, and not only since a recovery of the password.
func (f Facts) sureBrowser() bool {
	return f.Device.Known(f.Now) && f.Device.Sure && (!PasswordBarred(f) || f.Device.First.Before(f.Account.Recovered))
}

// undoes tells whether a recovery has shown nothing but what takes the first second
// factor off, so that it need not make another one.
func undoes(f Facts) bool {
	return f.Account.firstUndoable(f.Now) && !f.Policy.Requires(f.Account) && Aim(f) == GoalSecondFactor
}

// remade needs a new second factor at the end of a recovery, always but where the
// first one is taken off again.
func remade(f Facts) (Step, bool) {
	if undoes(f) {
		return factorOrLater(f)
	}
	return newFactor(f)
}
