package guard

import "time"

// recovered keeps an account out for a time after a way back in has replaced what
// it signs in with: whoever took it over meanwhile is found first.
func (a asked) recovered(f *facts) Reason {
	if a.rules.Recovered <= 0 || !a.at.Before(a.recoveredUntil(f)) {
		return Allowed
	}
	return DeniedRecovered
}

func (a asked) recoveredUntil(f *facts) time.Time {
	if f.recovered.IsZero() {
		return time.Time{}
	}
	return f.recovered.Add(a.rules.Recovered)
}
