package recovery

import "time"

// KindLetIn answers a request of a new browser of the same account.
const KindLetIn Kind = "let_in"

// Questions.
const (
	AskDevice   Ask = "let_in"    // the number that the new browser shows
	AskHandOver Ask = "hand_over" // a code to be typed there, or let it in at once
)

// Choices of [AskHandOver].
const (
	ChoiceCode = "code"
	ChoiceTap  = "tap"
)

func letInRecipe() Recipe {
	return Recipe{
		Kind: KindLetIn, SignedIn: true, Needs: []Need{mayLetIn, deviceNumber, askedThere, handOver},
		After: After{To: ToApprove, Says: []string{"device_code", "device_let_in"}, Which: func(f *Flow) string {
			if f.ByCode {
				return "device_code"
			}
			return "device_let_in"
		}},
	}
}

// mayLetIn needs a browser that may let others in.
func mayLetIn(f Facts) (Step, bool) {
	why := f.Account.LetsIn(f.Account.SessionByID(f.Flow.Session, f.Now), f.Now)
	return Step{Page: PageRefused, Dead: why}, why != ""
}

// deviceNumber needs the number of the request.
func deviceNumber(f Facts) (Step, bool) {
	return Step{Page: PageDevice, Ask: AskDevice}, f.Flow.DeviceRequest == ""
}

// handOver needs the last click.
func handOver(f Facts) (Step, bool) {
	return Step{Page: PageDevice, Ask: AskHandOver}, !f.Flow.Consented
}

// orDevice adds another browser to proofs of a sign-in, where there is one that
// could let this one in, or has.
func (f Facts) orDevice(methods []string) []string {
	if f.Policy.KnownDevice { // asked in addition
		return methods
	}
	if f.Methods.Get(OtherDevice) != nil && (f.Flow.Has(OtherDevice) || f.Account.Approver(f.Device, f.Now)) {
		return append(methods, OtherDevice)
	}
	return methods
}

// admit notes in the row of a browser that another one let it in, or that its
// owner has shown a factor there. It reports the first.
func (end End) admit(a *Account, d *Device, eff *Effects) bool {
	switch {
	case end.factorProved():
		d.Admitted = time.Time{}
		return false
	case !end.Flow.Has(OtherDevice):
		return false
	}
	d.Admitted = end.Now.Add(admittedFor)
	d.Distrust()
	eff.Done(EventDeviceLetIn)
	return true
}
