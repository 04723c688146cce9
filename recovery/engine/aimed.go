package engine

import "github.com/caddy-sparekey/sparekey/recovery"

// aim is what a recovery is to bring back, as soon as something was shown in it and
// that is known; empty before, and in every other flow.
func (r *run) aim() recovery.Goal {
	if !r.recipe().Replaces || r.account == nil || len(r.flow.Proofs) == 0 || r.flow.IsDecoy() {
		return ""
	}
	return recovery.Aim(r.facts())
}

// aimed tells the log what a recovery is for, when that was not known before the form.
func (r *run) aimed(before recovery.Goal, o recovery.Outcome) {
	goal := r.aim()
	if goal == "" || before != "" || o.Problem != nil {
		return
	}
	ev := r.event(recovery.EventAimed)
	ev.Detail = string(goal)
	r.audit(ev)
}
