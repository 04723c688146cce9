package recovery

import "time"

// drillEvery is how long after the last trial of a way back people are
// reminded: half a year.
const drillEvery = 182 * 24 * time.Hour

// DrillDue tells whether somebody has a way back to try and has not tried one
// for half a year.
func (a *Account) DrillDue(now time.Time) bool {
	return now.Sub(a.Created) > drillEvery && now.Sub(a.Drilled) > drillEvery &&
		(a.Credential(RecoveryCode) != nil || len(a.Vouchers) > 0)
}

// remindDrill notes that the person is told now, which happens at a sign-in
// and once in half a year. Nothing scans the store for whom to remind.
func (end ending) remindDrill(a *Account, eff *effects) {
	if a.DrillDue(end.now) && end.now.Sub(a.Reminded) > drillEvery {
		a.Reminded, eff.remind = end.now, true
	}
}

// reminded sends the mail that asks to try a way back. It holds no link: what
// is asked for is found by signing in.
func (r *run) reminded() {
	to := r.account.Address(ChannelMail, r.Now())
	if to == "" || r.Notify == nil || !r.Notify.Has(ChannelMail) {
		return
	}
	r.Notify.Queue(r.address(Message{
		Channel: ChannelMail, To: to, Template: "drill-due", Expires: r.Now().Add(24 * time.Hour), Vars: map[string]string{"name": r.account.Name},
	}))
}
