package recovery

import (
	"slices"
	"time"
)

// Fresh reports whether a strong proof was given in a session since a time: to
// step up or for a change, or in the very sign-in that began it. A remembered browser is no
// proof. An account without a second factor shows its password, but never an
// administrator's: that one must have a factor (ASVS 5.0 7.5.3, 8.4.2).
func (m *Methods) Fresh(a *Account, s *Session, since time.Time) bool {
	if a.Admin() && !m.HasFactor(a) {
		return false
	}
	return m.FreshOwn(a, s, since)
}

// FreshOwn is Fresh for what people do with their own account: there an
// administrator without a second factor is a person without one.
func (m *Methods) FreshOwn(a *Account, s *Session, since time.Time) bool {
	return m.LastStrong(a, s).After(since)
}

// strong reports whether one of the proofs is a second factor or a recovery
// code; for accounts without a second factor, the password.
func (m *Methods) strong(a *Account, proofs []Proof) bool {
	enough := []string{Password}
	if m.HasFactor(a) {
		enough = append(m.expand(Factor), RecoveryCode)
	}
	return slices.ContainsFunc(proofs, func(p Proof) bool { return slices.Contains(enough, p.Method) })
}
