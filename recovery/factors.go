package recovery

import (
	"slices"
	"time"
)

// TwoFactors tells whether more than a password was shown in a session: in the
// sign-in that began it, or since.
func (m *Methods) TwoFactors(s *Session) bool {
	return !s.Second.IsZero() || slices.ContainsFunc(s.Proofs, m.second)
}

// second tells whether a proof counts beside the password: a second factor, a
// recovery code, or what is both factors at once. A browser that is trusted is no
// proof, and a code sent somewhere is none that a gate could rest on.
func (m *Methods) second(p Proof) bool {
	return p.Alone || p.Factor || p.Method == RecoveryCode || slices.Contains(m.expand(Factor), p.Method)
}

// ShowsFactor tells whether one of the proofs counts beside the password.
func (m *Methods) ShowsFactor(proofs []Proof) bool { return slices.ContainsFunc(proofs, m.second) }

// LastStrong is when a strong proof was last given in a session: to step up or for
// a change, or in the very sign-in that began it; zero: never. A remembered
// browser is no proof.
func (m *Methods) LastStrong(a *Account, s *Session) time.Time {
	if s.Created.After(s.Fresh) && !s.letIn() && m.strong(a, s.Proofs) {
		return s.Created
	}
	return s.Fresh
}

// RecoveredAt is when the account was last got back by a way back in; zero: never.
// Of one that an older version let back in only the end of its probation is known:
// it counts as recovered until then.
func (a *Account) RecoveredAt(now time.Time) time.Time {
	if a.Recovered.IsZero() && now.Before(a.Probation) {
		return now
	}
	return a.Recovered
}

// WholeSession is the session of an account that signs in now and shows all it
// has.
func (m *Methods) WholeSession(a *Account, now time.Time) *Session {
	s := &Session{Generation: a.Generation, Created: now, Seen: now, Idle: int64(time.Hour / time.Second), End: now.Add(time.Hour)}
	for _, c := range a.Credentials {
		if c.Method == Password || slices.Contains(m.expand(Factor), c.Method) {
			s.Proofs = append(s.Proofs, Proof{Method: c.Method, At: now})
		}
	}
	return s
}
