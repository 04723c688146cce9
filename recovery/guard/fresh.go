package guard

// fresh asks for a strong proof that was given in the session lately, before the
// request began.
func (a asked) fresh(f *facts) Reason {
	if a.rules.Fresh <= 0 || a.at.Before(f.strong.Add(a.rules.Fresh)) {
		return Allowed
	}
	return DeniedStale
}
