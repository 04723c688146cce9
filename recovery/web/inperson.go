package web

import (
	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/templates"
)

// cases is how an administrator's help reaches people here: by mail (empty),
// in person, or the one or the other. It depends on the policy alone.
func (x *exchange) cases() string {
	n, p, mail := 0, x.Engine.Policy, x.Engine.Methods.Has(recovery.ChannelMail)
	goals := []recovery.Goal{recovery.GoalPassword, recovery.GoalSecondFactor, recovery.GoalBoth}
	for _, g := range goals {
		if p.InPerson(g, mail) {
			n++
		}
	}
	switch n {
	case 0:
		return ""
	case len(goals):
		return templates.CaseInPerson
	}
	return templates.CaseEither
}
