package lint

import (
	"slices"
	"strings"
)

// extras are what is tried in addition, the least trouble for people first. What
// asks for a password means it for the second factor, and the other way round.
var extras = []string{ //nolint:gochecknoglobals // a table
	"", "factor", "password", "recovery_code", "mail_link", "mail_link factor", "mail_link password", "password recovery_code",
	"recovery_code mail_link", "contact*2", "contact*2 mail_link", "sms_code", "password sms_code",
}

// stronger are the ways that one becomes with an addition, each also with a wait
// of a day. None where the addition does not fit.
func (t Table) stronger(goal Goal, w Way, extra int) []Way {
	words := strings.Fields(extras[extra])
	if !fits(goal, w, words) {
		return nil
	}
	var out []Way
	for _, base := range t.bases(goal, w) {
		more := base
		for _, name := range words {
			if !t.rests(base, name) {
				more.Proofs = append(slices.Clone(more.Proofs), name)
			}
		}
		if len(more.Proofs) < len(base.Proofs)+len(words) {
			continue
		}
		waits := more
		waits.Wait = max(more.Wait, cooled)
		out = append(out, more, waits)
	}
	return out
}

// fits keeps what is lost out of the proofs.
func fits(goal Goal, w Way, words []string) bool {
	switch {
	case slices.Contains(words, WordFactor):
		return goal == GoalPassword && !w.WithoutFactor
	case slices.Contains(words, proofPassword):
		return goal == GoalSecondFactor
	}
	return true
}

// rests reports whether a way rests already on what the proof comes from.
func (t Table) rests(w Way, name string) bool {
	plain, _ := word(name)
	p, _ := t.proof(plain)
	return slices.ContainsFunc(w.Proofs, func(s string) bool {
		s, _ = word(s)
		q, _ := t.proof(s)
		return s == plain || p.Source != "" && p.Source == q.Source || p.Factor && s == WordFactor || name == WordFactor && q.Factor
	})
}

// bases are the way itself without what means nothing, with a link in place of
// six digits by mail, and without its wait.
func (t Table) bases(goal Goal, w Way) []Way {
	w.WithoutFactor = w.WithoutFactor && goal == GoalPassword
	w.Wait, w.Written = max(w.Wait, 0), nil
	out := []Way{w}
	if i := slices.Index(w.Proofs, "mail_code"); i >= 0 && !slices.Contains(w.Proofs, "mail_link") {
		link := w
		link.Proofs = slices.Clone(w.Proofs)
		link.Proofs[i] = "mail_link"
		out = append(out, link)
	}
	if w.Wait > 0 {
		at := w
		at.Wait = 0
		out = append(out, at)
	}
	return out
}
