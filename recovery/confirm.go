package recovery

import "slices"

// Kinds.
const (
	KindConfirmMail  Kind = "confirm_mail"
	KindConfirmPhone Kind = "confirm_phone"
)

func confirmMailRecipe() Recipe { return confirmRecipe(KindConfirmMail, ConfirmMail, ChannelMail) }

func confirmPhoneRecipe() Recipe { return confirmRecipe(KindConfirmPhone, ConfirmPhone, ChannelSMS) }

// confirmRecipe confirms an address that the account has. It counts at once:
// nobody can choose it here, and it stands in the account since set-up or
// activation. [End.Apply] notes what has answered.
func confirmRecipe(kind Kind, method, channel string) Recipe {
	return Recipe{
		Kind: kind, SignedIn: true, Change: "change_contact",
		Needs: []Need{Settled, Strong, Proved(method)},
		Finish: func(end End, a *Account, eff *Effects) {
			eff.Thing = Thing{Channel: channel, New: Mask(a.Address(channel, end.Now))}
			eff.Done(EventContactConfirmed)
		},
		After: After{Page: "contact", Says: []string{"contact_confirmed"}},
	}
}

// answered needs the code that is sent to an address of a new account. Its owner
// may skip that, and where nothing can be sent nothing is asked: the address then
// stays unconfirmed, and is no proof.
func answered(method string) Need {
	return func(f Facts) (Step, bool) {
		if f.Flow.Has(method) || slices.Contains(f.Flow.Skipped, method) || !f.Methods.ready(method, f.Account, f.Now) {
			return Step{}, false
		}
		step := ask(f, []string{method})
		step.Optional = true
		return step, true
	}
}
