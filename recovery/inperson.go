package recovery

import "slices"

// Read lists the ways of a goal as they are walked here. Without mail a case
// cannot be sent, so [AdminInPerson] then stands for admin, and for admin with
// mail_link, in every way. Engine and lint both read the policy through it.
func (p *Policy) Read(g Goal, mail bool) []Way {
	if mail {
		return p.Ways[g]
	}
	var out []Way
	for _, w := range p.Ways[g] {
		w = w.inPerson()
		i := slices.IndexFunc(out, func(v Way) bool { return v.WithoutFactor == w.WithoutFactor && sameSet(v.Proofs, w.Proofs) })
		if i < 0 || w.Written == nil && out[i].Written == nil {
			out = append(out, w)
			continue
		}
		out[i].Wait = min(out[i].Wait, w.Wait) // two ways became one: the shorter wait is enough
	}
	return out
}

// inPerson is the way with a case that is handed over instead of mailed.
func (w Way) inPerson() Way {
	if !slices.Contains(w.Proofs, Admin) {
		return w
	}
	out := w
	out.Written, out.Proofs = w.Proofs, nil
	for _, name := range w.Proofs {
		if name == Admin {
			name = AdminInPerson
		}
		if name != MailLink && !slices.Contains(out.Proofs, name) {
			out.Proofs = append(out.Proofs, name)
		}
	}
	return out
}

// InPerson reports whether the code of a case for a goal (empty: any) is shown
// to the administrator, to be handed over, instead of mailed: when no mail can
// be sent, and where the operator wrote admin_in_person.
func (p *Policy) InPerson(g Goal, mail bool) bool {
	for _, goal := range Goals() {
		if (g == "" || g == goal) && slices.ContainsFunc(p.Ways[goal], func(w Way) bool { return slices.Contains(w.Proofs, AdminInPerson) }) {
			return true
		}
	}
	return !mail
}
