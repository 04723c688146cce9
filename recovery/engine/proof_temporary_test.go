package engine_test

import (
	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// typeTemporary lets an honest administrator have a temporary password mailed, which
// the attacker gets hold of and types.
func (inst *installation) typeTemporary(s *attackState) bool {
	if admin, ok := inst.asksCase(recovery.ChoiceTemporary); !ok || admin.flow != nil {
		return false // the account is closed, or gone
	}
	m, ok := inst.newest(holdings{reads: []string{aliceMail}}, "temporary-password")
	s.client = stranger()
	return ok && inst.send(s, recovery.Input{Start: recovery.KindLogin, Name: "alice", Password: secret.Text(m.Vars["code"])})
}

// temporaryPolicy lets administrators have temporary passwords mailed.
func temporaryPolicy() *recovery.Policy {
	p := proofPolicy()
	p.TemporaryPassword = true
	return p
}
