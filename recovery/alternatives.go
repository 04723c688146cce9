package recovery

import (
	"slices"
	"time"
)

// Path is one way to go on from a step.
type Path struct {
	Method string        // what is asked first
	Then   []string      // what the same way asks after it: names of proofs
	Wait   time.Duration // the wait after that; zero: none
}

// Paths lists the ways to go on from a step beside the one it asks for. Before
// the first proof they depend on the policy only, and not on the account.
func Paths(f Facts, s Step) []Path {
	var out []Path
	for _, m := range s.Methods {
		p := Path{Method: m}
		if f.Recipe.Replaces && len(f.Flow.Proofs) > 0 && !s.Enroll {
			p = path(f, m)
		}
		out = append(out, p)
	}
	return out
}

// path returns the first way that goes on with a method.
func path(f Facts, method string) Path {
	g := Aim(f)
	if method == Waiting {
		w, _ := WayToWait(f)
		return Path{Method: method, Wait: w.Wait}
	}
	for _, w := range open(f, g) {
		missing := slices.DeleteFunc(slices.Clone(w.Proofs), func(name string) bool { return shown(f, g, name) })
		if len(missing) == 0 || !slices.Contains(f.Methods.expand(missing[0]), method) {
			continue
		}
		p := Path{Method: method, Then: missing[1:]}
		if over := f.PendingWait(g, w); over.IsZero() || f.Now.Before(over) {
			p.Wait = w.Wait
		}
		return p
	}
	return Path{Method: method}
}
