package lint

import "slices"

// first reports whether a recovery can begin with the proof here.
func (t Table) first(s string) bool {
	name, _ := word(s)
	p, ok := t.proof(name)
	return ok && p.First && t.configured(p)
}

// firsts lists what a recovery can begin with: whatever a way offers that can
// be walked to its end here. People are asked first only where no other proof
// of a way could be.
func (t Table) firsts() []string {
	var out []string
	for _, goal := range Goals() {
		for _, w := range t.Ways[goal] {
			for _, s := range t.beginnings(w) {
				if !slices.Contains(out, s) {
					out = append(out, s)
				}
			}
		}
	}
	return out
}

func (t Table) beginnings(w Way) []string {
	var out, last []string
	for _, s := range w.Proofs {
		name, _ := word(s)
		p, _ := t.proof(name)
		switch {
		case !t.asks(s):
			return nil
		case !t.first(s):
		case p.Source == SourceContact:
			last = append(last, s)
		default:
			out = append(out, s)
		}
	}
	if out == nil {
		return last
	}
	return out
}

// asks reports whether this installation can ask for what the word stands for.
func (t Table) asks(s string) bool {
	name, _ := word(s)
	return slices.ContainsFunc(t.Proofs, func(p Proof) bool {
		return (p.Name == name || name == WordFactor && p.Factor) && t.configured(p)
	})
}
