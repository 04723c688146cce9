package guard

// factors asks for a session in which two factors were shown. A browser that skips
// the second one has shown one.
func (a asked) factors(f *facts) Reason {
	if a.rules.Factors < 2 || f.second {
		return Allowed
	}
	return DeniedFactor
}
