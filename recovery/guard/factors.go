package guard

// factors asks for a session in which two factors were shown. A browser that skips
// the second one has shown one.
// In a network where one is enough it asks for nothing. A session that began there
// with one passes nowhere else, whatever the gate asks.
func (a asked) factors(f *facts) Reason {
	enough := f.second || !f.near && (a.rules == nil || a.rules.Factors < 2)
	if enough || a.rules.OneFactor(a.client) {
		return Allowed
	}
	return DeniedFactor
}
