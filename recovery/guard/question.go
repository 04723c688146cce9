package guard

import "net/netip"

// Question is what a gate asks about a request.
type Question struct {
	Cookie string // value of the session cookie; empty: none
	Host   string // origin of the further host whose cookie it is; empty: it is the session's own
	Rules  *Rules // of the gate
	Page   bool   // a person loads a page
	Free   bool   // the gate does not protect this request, whatever its rules

	// For rules that look at them, see [Rules.OfKeys].
	Key string // access key, where the rules take one; empty: none was shown
	At  string // host asked for, perhaps with a port

	// For rules that look at them, see [Rules.OfPaths] and [Rules.OfClients].
	Method string     // empty: cannot be told, and none is open
	Paths  []string   // every reading of the path; none: cannot be told, and none is open
	Client netip.Addr // zero: cannot be told, and it is of no network
}

// open tells whether the request may pass without a login.
func (q Question) open() bool {
	if q.Free {
		return true
	}
	if !q.Rules.OfPaths() || len(q.Paths) == 0 {
		return false
	}
	for _, o := range q.Rules.Open {
		if o.opens(q.Method, q.Paths) {
			return true
		}
	}
	return false
}
