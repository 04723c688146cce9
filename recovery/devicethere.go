package recovery

import "time"

// settledSession is how long somebody has to be signed in on a browser that lets
// another one in by its session alone.
const settledSession = time.Hour

// askedThere needs what a browser asks of who lets another one in. A way back asks
// what its goal takes; where it has none yet any of it does, and decides what can be
// made new.
func askedThere(f Facts) (Step, bool) {
	strong := append(f.Methods.expand(Factor), RecoveryCode)
	switch {
	case !f.Flow.DeviceReplaces:
		return Strong(f)
	case !f.Methods.HasFactor(f.Account):
		s := f.Account.SessionByID(f.Flow.Session, f.Now)
		young := s == nil || f.Now.Before(s.Created.Add(settledSession))
		return Step{Page: PageRefused, Dead: ProblemSessionYoung}, young
	case f.Flow.DeviceGoal == GoalSecondFactor:
		return oneOf(f, []string{Password})
	case f.Flow.DeviceGoal == "":
		return oneOf(f, append(strong, Password))
	}
	return oneOf(f, strong)
}
