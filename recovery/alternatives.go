package recovery

import (
	"slices"
	"time"
)

// Alternative is one way to go on from a step.
type Alternative struct {
	Method string        // what is asked first
	Then   []string      // what the same way asks after it: names of proofs
	Wait   time.Duration // the wait after that; zero: none
}

// Alternatives lists the ways to go on from a step beside the one it asks for. Before
// the first proof they depend on the policy only, and not on the account.
func Alternatives(f Facts, s Step) []Alternative {
	var out []Alternative
	for _, m := range s.Methods {
		p := Alternative{Method: m}
		if f.Recipe.Replaces && len(f.Flow.Proofs) > 0 && !s.Enroll {
			p = alternative(f, m)
		}
		out = append(out, p)
	}
	return out
}

// alternative returns the first way that goes on with a method.
func alternative(f Facts, method string) Alternative {
	g := Aim(f)
	if method == Waiting {
		w, _ := WayToWait(f)
		return Alternative{Method: method, Wait: w.Wait}
	}
	for _, w := range open(f, g) {
		missing := slices.DeleteFunc(slices.Clone(w.Proofs), func(name string) bool { return shown(f, g, name) })
		if len(missing) == 0 || !slices.Contains(f.Methods.expand(missing[0]), method) {
			continue
		}
		p := Alternative{Method: method, Then: missing[1:]}
		if over := f.PendingWait(g, w); over.IsZero() || f.Now.Before(over) {
			p.Wait = w.Wait
		}
		return p
	}
	return Alternative{Method: method}
}
