package recovery

import (
	"errors"
	"fmt"
	"strings"
)

// Validate checks the policy against the methods there are, and reports all
// faults at once.
func (p *Policy) Validate(methods *Methods) error {
	var errs []error
	for goal, ways := range p.Ways {
		for i, w := range ways {
			errs = append(errs, w.validate(goal, methods))
			for _, v := range ways[:i] {
				if v.WithoutFactor == w.WithoutFactor && sameSet(v.Proofs, w.Proofs) {
					errs = append(errs, fmt.Errorf("%w: %srecover %s: the way %q is there twice: take one of the two out", ErrPolicy, at(w.Line), goal, strings.Join(w.Proofs, " ")))
				}
			}
		}
	}
	return errors.Join(errs...)
}

func (w Way) validate(goal Goal, methods *Methods) error {
	if len(w.Proofs) == 0 {
		return fmt.Errorf("%w: %srecover %s: a way needs at least one proof", ErrPolicy, at(w.Line), goal)
	}
	for _, name := range w.Proofs {
		if name != Factor && !methods.proof(name) {
			return fmt.Errorf("%w: %srecover %s: %q is none of %s", ErrUnknownProof, at(w.Line), goal, name,
				strings.Join(methods.proofs(), ", "))
		}
	}
	return nil
}

func at(line string) string {
	if line == "" {
		return ""
	}
	return line + ": "
}
