package recovery

import "time"

// Kinds.
const (
	KindChangePassword Kind = "change_password"
	KindStepUp         Kind = "step_up"
	KindNewCodes       Kind = "new_codes"
	KindSetPIN         Kind = "set_pin"
	KindSetQuestion    Kind = "set_question"
	KindChangeMail     Kind = "change_mail"
	KindChangePhone    Kind = "change_phone"
)

// Questions.
const (
	AskMail  Ask = "change_mail"  // the new mail address
	AskPhone Ask = "change_phone" // the new number
)

func changePasswordRecipe() Recipe {
	return Recipe{
		Kind: KindChangePassword, SignedIn: true,
		Needs:  []Need{own, currentPassword, asked(PIN, KindChangePassword), Strong, Enrolled(Password)},
		Finish: End.changePassword,
		After:  After{Page: "sign-in", Says: []string{"password_done"}},
	}
}

func stepUpRecipe() Recipe {
	return Recipe{Kind: KindStepUp, SignedIn: true, Near: true, Needs: []Need{Strong}, Finish: End.stepUp, After: After{To: ToReturn, Says: []string{"stepped_up"}}}
}

func newCodesRecipe() Recipe {
	return Recipe{
		Kind: KindNewCodes, SignedIn: true, Change: "new_codes",
		Needs: []Need{Settled, Strong, beside, Enrolled(RecoveryCode)},
		Finish: func(end End, a *Account, eff *Effects) {
			end.keepOldCodes(a)
			end.Install(a, RecoveryCode)
			end.endOthers(a, eff)
			eff.Done(EventCodesRenewed)
		},
		After: After{Page: "recovery", Says: []string{"codes_done"}},
	}
}

func setPINRecipe() Recipe { return answerRecipe(KindSetPIN, PIN, EventPINChanged, "pin_done") }

func setQuestionRecipe() Recipe {
	return answerRecipe(KindSetQuestion, SecurityQuestion, EventQuestionChanged, "question_done")
}

// answerRecipe sets something known by heart that is asked in addition.
func answerRecipe(kind Kind, method string, done EventName, says string) Recipe {
	return Recipe{
		Kind: kind, SignedIn: true, Change: string(kind), Needs: []Need{Settled, Strong, Enrolled(method)},
		Finish: func(end End, a *Account, eff *Effects) {
			end.Install(a, method)
			eff.Done(done)
		},
		After: After{Page: "sign-in", Says: []string{says}},
	}
}

func changeMailRecipe() Recipe { return addressRecipe(KindChangeMail, mailTyped) }

func changePhoneRecipe() Recipe { return addressRecipe(KindChangePhone, phoneTyped) }

// addressRecipe takes in an address that has answered.
func addressRecipe(kind Kind, typed Need) Recipe {
	return Recipe{
		Kind: kind, SignedIn: true, Change: "change_contact",
		Needs: []Need{Settled, Strong, beside, typed, Proved(NewContact)}, Finish: End.changeAddress,
		After: After{Page: "contact", Says: []string{"contact_changed"}},
	}
}

// changeAddress takes a proved address in. The old one goes on counting, and
// is told, until the new one counts (MF-19).
func (end End) changeAddress(a *Account, eff *Effects) {
	channel, to := end.Flow.NewAddress()
	eff.Thing = Thing{Channel: channel, Old: Mask(a.Address(channel, end.Now)), New: Mask(to)}
	a.replaceAddress(Address{Channel: channel, Value: to, ValidFrom: end.Now.Add(end.Policy.Lifetimes.NewContact), Answered: AnsweredYes}, end.Now, end.Policy.Lifetimes)
	eff.Done(EventContactChanged)
}

// stepUp notes in the session that a strong proof was given now.
func (end End) stepUp(a *Account, eff *Effects) {
	eff.Events = append(eff.Events, EventStepUp)
	for i := range a.Sessions {
		if a.Sessions[i].Is(end.Flow.Session) {
			a.Sessions[i].Fresh = end.Now
			end.complete(a, &a.Sessions[i], eff)
		}
	}
}

// changePassword ends all other sign-ins; this one is issued again, and requests
// of its page that are under way still pass.
func (end End) changePassword(a *Account, eff *Effects) {
	var barred time.Time
	if c := a.Credential(Password); c != nil && !end.factorProved() {
		barred = c.NoProofUntil
	}
	end.Install(a, Password)
	if c := a.Credential(Password); c != nil {
		c.NoProofUntil = barred // or a change would lift the ban of a recovered one
	}
	a.endButKeys()
	a.UntrustDevices()
	end.Flow.Remember = false
	end.issue(a, end.meet(a, eff), eff)
	s := &a.Sessions[len(a.Sessions)-1]
	_, s.Before = SplitSession(end.Client.Session)
	s.BeforeUntil = end.Now.Add(renewGrace)
	eff.Done(EventPasswordChanged)
}

// mailTyped needs the new mail address.
func mailTyped(f Facts) (Step, bool) { return Step{Page: PageConfirm, Ask: AskMail}, f.Flow.Mail == "" }

// phoneTyped needs the new number.
func phoneTyped(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Ask: AskPhone}, f.Flow.Phone == ""
}
