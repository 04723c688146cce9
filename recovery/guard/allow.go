package guard

import "slices"

// allow lets pass who is one of those that the gate names.
func (a asked) allow(f *facts) Reason {
	in := func(have string) bool { return slices.Contains(a.rules.Allow, have) }
	switch {
	case f.locked:
		return DeniedFactor
	case len(a.rules.Allow) == 0, slices.ContainsFunc(f.rules, in):
		return Allowed
	case slices.ContainsFunc(f.barred, in):
		return DeniedFactor
	}
	return DeniedForbidden
}
