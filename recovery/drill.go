package recovery

import "time"

// drillEvery is the time from the last trial of a way back to the reminder.
const drillEvery = 182 * 24 * time.Hour

// DrillDue reports whether the person has a way back to try and has tried none
// for half a year.
func (a *Account) DrillDue(now time.Time) bool {
	return now.Sub(a.Created) > drillEvery && now.Sub(a.Drilled) > drillEvery &&
		(a.Credential(RecoveryCode) != nil || len(a.Vouchers) > 0)
}

// remindDrill notes that the person is reminded now, at a sign-in and once in
// half a year. No scan of the store looks for people to remind.
func (end End) remindDrill(a *Account, eff *Effects) {
	if a.DrillDue(end.Now) && end.Now.Sub(a.Reminded) > drillEvery {
		a.Reminded, eff.Remind = end.Now, true
	}
}

// trial needs one right recovery code, which is not used up.
func trial(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Method: string(KindDrill)}, f.Flow.Reason == ""
}
