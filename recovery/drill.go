package recovery

import "time"

// KindDrill tries a recovery code out.
const KindDrill Kind = "drill"

// Questions.
const (
	AskTrial Ask = "drill" // a recovery code that is not used up
)

// drillEvery is how long after the last trial of a way back people are
// reminded: half a year.
const drillEvery = 182 * 24 * time.Hour

func drillRecipe() Recipe {
	return Recipe{Kind: KindDrill, SignedIn: true, Needs: []Need{trial}, Finish: End.drilled, After: After{Page: "recovery", Says: []string{"drill_ok"}}}
}

// drilled notes that a way back was tried out.
func (end End) drilled(a *Account, _ *Effects) { a.Drilled = end.Now }

// DrillDue tells whether somebody has a way back to try and has not tried one
// for half a year.
func (a *Account) DrillDue(now time.Time) bool {
	return now.Sub(a.Created) > drillEvery && now.Sub(a.Drilled) > drillEvery &&
		(a.Credential(RecoveryCode) != nil || len(a.TrustedContacts) > 0)
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
	return Step{Page: PageConfirm, Ask: AskTrial}, !f.Flow.Tried
}
