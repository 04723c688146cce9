package recovery

// KindUnlock lets passwords be tried again.
const KindUnlock Kind = "unlock"

func unlockRecipe() Recipe {
	return Recipe{
		Kind: KindUnlock, Anyone: true, States: []State{StateActive}, Yields: true,
		Needs: []Need{who(PageRecover), unlocking},
		Finish: func(end End, a *Account, eff *Effects) {
			a.Unlocks++
			if end.Flow.Paused { // or whoever reads one mailbox could send any number of notices
				eff.Done(EventUnlocked)
			}
		},
		After: After{To: ToSignIn, Says: []string{"unlocked", "unlocked_passwords"}, Which: func(f *Flow) string {
			if f.CodesPaused {
				return "unlocked_passwords"
			}
			return "unlocked"
		}},
	}
}

// unlocking asks for one thing a stranger at the sign-in page does not have.
func unlocking(f Facts) (Step, bool) {
	if len(f.Flow.Proofs) > 0 {
		return Step{}, false
	}
	var offered []string
	for _, m := range []string{MailLink, RecoveryCode, OtherDevice} {
		if f.Methods.Offered(m) {
			offered = append(offered, m)
		}
	}
	return ask(f, offered), true
}
