package recovery

// KindTemporary is a sign-in with a temporary password: it goes on with the second
// factor and a new password, and ends signed in.
const KindTemporary Kind = "temporary"

// ChoiceTemporary is chosen by an administrator who has a temporary password mailed.
const ChoiceTemporary = "temporary"

func temporaryRecipe() Recipe {
	return Recipe{
		Kind: KindTemporary, Typed: TemporaryPassword, States: []State{StateActive}, Replaces: true, Opens: true, Yields: true,
		Needs:  []Need{typed, factorIfAny, asked(SecurityQuestion, KindRecover), rest, knownDevice, Enrolled(Password)},
		Finish: End.temporary, After: After{To: ToReturn},
	}
}

// temporary replaces the password and signs in. The notice is about the password; a
// new browser is told of beside it.
func (end End) temporary(a *Account, eff *Effects) {
	end.recover(a, eff)
	first := eff.Tell
	eff.Tell = nil
	end.login(a, eff)
	eff.Tell = append(eff.Tell, first...)
}

// typed needs the temporary password, which began the flow, and that there still are
// any: no form asks for it.
func typed(f Facts) (Step, bool) {
	return Step{Page: PageRefused, Dead: ProblemNotAvailable}, !f.Policy.TemporaryPassword || !f.Flow.Has(Admin)
}

// factorIfAny is factorItself for accounts that have one: neither a browser that
// skips it nor a recovery code stands for it, since the password is lost too.
func factorIfAny(f Facts) (Step, bool) {
	if !f.Methods.HasFactor(f.Account) {
		return Step{}, false
	}
	return factorItself(f)
}

// AwaitTemporary ends the sessions, flows, tickets and waits of an account that gets
// a temporary password, and the trust in its browsers. Its password stays until the
// new one is set. Errors: ErrNotAllowed where nobody signs in.
func (a *Account) AwaitTemporary() error {
	if a.State != StateActive {
		return ErrNotAllowed
	}
	a.endButKeys()
	a.UntrustDevices()
	return nil
}
