package recovery

// changeContact adds a proved address. The old one is used and notified until
// the new one counts (MF-19).
func (end End) changeContact(a *Account) {
	channel, to := ChannelMail, end.Flow.Mail
	if end.Flow.Kind == KindChangePhone {
		channel, to = ChannelSMS, end.Flow.Phone
	}
	a.replaceContact(Contact{Channel: channel, Address: to, Counts: end.Now.Add(end.Policy.Lifetimes.NewContact)}, end.Now)
}

func (end End) stepUp(a *Account) {
	for i := range a.Sessions {
		if a.Sessions[i].Sum == end.Flow.Session {
			a.Sessions[i].Fresh = end.Now
		}
	}
}

// changePassword ends all other sign-ins; this one is issued again.
func (end End) changePassword(a *Account, eff *Effects) {
	end.install(a, Password, 2)
	a.EndEverything()
	a.forget()
	end.Flow.Remember = false
	end.issue(a, end.meet(a, eff), eff)
	eff.done(EventPasswordChanged)
}

// address needs the new mail address or number.
func address(f Facts) (Step, bool) {
	if f.Flow.Kind == KindChangePhone {
		return Step{Page: PageConfirm, Method: string(KindChangePhone)}, f.Flow.Phone == ""
	}
	return Step{Page: PageConfirm, Method: string(KindChangeMail)}, f.Flow.Mail == ""
}
