package recovery

// Apply is the pure end of a flow: it edits its copy of the account and says
// what else is to happen. It fails if something was spent meanwhile.
func (end End) Apply(a *Account) (Effects, error) {
	var eff Effects
	for _, s := range end.Flow.Reserved {
		if err := end.spend(a, s, &eff); err != nil {
			return eff, err
		}
	}
	switch end.Flow.Kind {
	case KindLogin:
		end.login(a, &eff)
	case KindRecover:
		end.recover(a, &eff)
	case KindActivate, KindSetup:
		end.activate(a, &eff)
	case KindChangePassword:
		end.changePassword(a, &eff)
	case KindUnlock:
		a.Unlocks++
		eff.done(EventUnlocked)
	case KindChangeMail, KindChangePhone:
		end.changeContact(a)
		eff.done(EventContactChanged)
	case KindSetPIN:
		end.install(a, PIN, 2)
		eff.done(EventPINChanged)
	case KindSetQuestion:
		end.install(a, SecurityQuestion, 2)
		eff.done(EventQuestionChanged)
	case KindAddContact:
		end.addVoucher(a)
		eff.done(EventVoucherAdded)
	case KindVouch, KindOpenCase: // for somebody else
	case KindDrill, KindDrillContact:
		a.Drilled = end.Now
	case KindStepUp:
		end.stepUp(a)
		eff.Events = append(eff.Events, EventStepUp)
	case KindAddFactor:
		end.renewFactor(a)
		eff.done(EventFactorAdded)
	case KindNewCodes:
		end.keepCodes(a)
		end.install(a, RecoveryCode, 3)
		eff.done(EventCodesRenewed)
	default:
		return eff, ErrMoved
	}
	a.trim(end.Now)
	return eff, nil
}

// SignedIn reports whether a kind begins with a person who is signed in.
func (k Kind) SignedIn() bool {
	switch k {
	case KindChangePassword, KindAddFactor, KindNewCodes, KindChangeMail, KindChangePhone, KindSetPIN, KindSetQuestion,
		KindAddContact, KindVouch, KindOpenCase, KindStepUp, KindDrill, KindDrillContact:
		return true
	case KindLogin, KindRecover, KindSetup, KindActivate, KindUnlock:
	}
	return false
}

// Next computes the step from the facts: the first need that is not met.
// Nothing can be skipped, because there is no state to set.
func Next(f Facts) Step {
	needs, ok := recipes()[f.Flow.Kind]
	if !ok {
		return Step{Page: PageRefused, Dead: ProblemNotAvailable}
	}
	for _, need := range needs {
		if step, missing := need(f); missing {
			return step
		}
	}
	return Step{Done: true}
}

// recipes lists the needs of each kind, in order.
func recipes() map[Kind][]Need {
	return map[Kind][]Need{
		KindLogin:          {who(PageSignIn), firstFactor, secondFactor},
		KindRecover:        {who(PageRecover), firstProof, asked(SecurityQuestion, KindRecover), goal, rest, renewed},
		KindSetup:          {ticket(SetupTicket, PageSetup), named, enrolled(Password), enrolled(TOTP), enrolled(RecoveryCode)},
		KindActivate:       {ticket(Invite, PageActivate), enrolled(Password), enrolled(TOTP), enrolled(RecoveryCode)},
		KindChangePassword: {proved(Password), asked(PIN, KindChangePassword), strong, enrolled(Password)},
		KindAddFactor:      {NeedSettled, strong, enrolled(TOTP), enrolled(RecoveryCode)},
		KindNewCodes:       {NeedSettled, strong, enrolled(RecoveryCode)},
		KindUnlock:         {who(PageRecover), unlocking},
		KindChangeMail:     {NeedSettled, strong, address, proved(NewContact)},
		KindChangePhone:    {NeedSettled, strong, address, proved(NewContact)},
		KindSetPIN:         {NeedSettled, strong, enrolled(PIN)},
		KindSetQuestion:    {NeedSettled, strong, enrolled(SecurityQuestion)},
		KindAddContact:     {NeedSettled, strong, somebody},
		KindVouch:          {NeedSettled, request, strong, consent},
		KindOpenCase:       {NeedAdmin, NeedSettled, strong, because, handed},
		KindStepUp:         {strong},
		KindDrill:          {trial},
		KindDrillContact:   {proved(VouchedBy)},
	}
}
