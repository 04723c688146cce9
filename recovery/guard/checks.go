package guard

// check is one rule. It answers with Allowed, or with why not.
type check struct {
	word   string // of the Caddyfile
	rule   func(asked, *facts) Reason
	proofs bool // it is about proofs, of which a program shows none
}

// checks is the only list, in the order in which a person can do something about
// them.
func checks() [4]check {
	return [...]check{
		{"allow", asked.allow, false},
		{"recovered_within", asked.recovered, false},
		{"factors", asked.factors, true},
		{"fresh", asked.fresh, true},
	}
}

// judge applies the rules to a session. All have to let it pass.
func (a asked) judge(f *facts) Reason {
	switch {
	case a.rules == nil && f.locked:
		return DeniedFactor
	case a.rules == nil:
		return a.factors(f)
	}
	for _, c := range checks() {
		if c.proofs && f.program {
			continue
		}
		if reason := c.rule(a, f); reason != Allowed {
			return reason
		}
	}
	return Allowed
}
