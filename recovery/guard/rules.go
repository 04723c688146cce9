package guard

// Rules say what a gate asks of whoever wants to pass. The zero value, and nil,
// let everybody with an account pass.
type Rules struct {
	Allow []string // as [recovery.Rule] reads them, any of which will do; empty: everybody with an account
}

// allow tells whether the person of a session may pass.
func (r *Rules) allow(e *entry) bool {
	return r == nil || len(r.Allow) == 0 || e.identity.in(r.Allow)
}
