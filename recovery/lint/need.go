package lint

import "slices"

// require turns words into needs; false when one can never be met here.
func (m *machine) require(r *row, words []string, purpose string, withoutFactor bool) bool {
	for _, s := range words {
		name, n := word(s)
		if name == WordBeside && !withoutFactor {
			continue
		}
		if name == proofDevice {
			if !m.requireDevice(r, purpose, withoutFactor) {
				return false
			}
			continue
		}
		alts := m.named(name)
		if withoutFactor { // it has none to show
			alts = slices.DeleteFunc(slices.Clone(alts), func(i int) bool { return slices.Contains(m.factors(), i) })
		}
		if name == WordStrong && withoutFactor {
			alts = []int{m.item(proofPassword)}
		}
		if name == proofPassword && bans(purpose) {
			alts = []int{m.item(itemTrusted)}
		}
		if n == 0 || len(alts) < n {
			return false
		}
		r.needs = append(r.needs, need{alts, n})
	}
	return true
}

// bans reports whether a password set by recovery is no proof for the purpose yet.
func bans(purpose string) bool {
	return purpose == string(GoalSecondFactor) || purpose == string(GoalBoth)
}

// requireDevice needs somebody before a signed-in device, who shows there what
// an approval for this purpose asks.
func (m *machine) requireDevice(r *row, purpose string, withoutFactor bool) bool {
	i := slices.IndexFunc(m.table.Approvals, func(a Approval) bool {
		return a.For == purpose && a.WithoutFactor == withoutFactor
	})
	if p, ok := m.table.proof(proofDevice); i < 0 || !ok || !m.table.configured(p) {
		return false
	}
	r.needs = append(r.needs, need{alts: []int{m.item(itemSession)}, n: 1})
	return m.require(r, m.table.Approvals[i].Proofs, purpose, withoutFactor)
}

// requireVerified needs the proofs from a passkey that asked its owner.
func (m *machine) requireVerified(r *row, words []string) {
	for _, name := range words {
		r.needs = append(r.needs, need{alts: []int{m.item(name + verified)}, n: 1})
	}
}

// given lists the items somebody has who may enrol what the word stands for.
// Whoever enrols a passkey picks one that asks its owner.
func (m *machine) given(name string) []int {
	out := m.named(name)
	for _, p := range m.table.Proofs {
		if (p.Name == name || name == WordFactor && p.Factor) && m.table.configured(p) && m.table.verifies(p.Name) {
			out = append(out, m.item(p.Name+verified))
		}
	}
	return out
}

// named lists the items a word stands for.
func (m *machine) named(name string) []int {
	switch name {
	case WordFactor:
		return m.factors()
	case WordStrong:
		return append(m.factors(), m.named(proofCodes)...)
	case WordBeside:
		return slices.Concat(m.named("mail_code"), m.named("sms_code"), m.named(proofCodes), []int{m.item(itemSession)})
	}
	p, ok := m.table.proof(name)
	if !ok || !m.table.configured(p) {
		return nil
	}
	if p.Source != SourceContact {
		return []int{m.item(name)}
	}
	var out []int
	for _, s := range m.sources {
		if contact(s.name) {
			out = append(out, s.items...)
		}
	}
	// Whoever may name people names as many of their own as a way asks for.
	if slices.ContainsFunc(m.table.Changes, func(c Change) bool { return slices.Contains(c.Gives, name) }) {
		for i := len(out); i < min(m.table.mentions(name), maxContacts); i++ {
			out = append(out, m.item(itemContact+string(rune('1'+i))))
		}
	}
	return out
}

func (m *machine) factors() []int {
	if m.factorItems == nil {
		for _, p := range m.table.Proofs {
			if p.Factor && m.table.configured(p) {
				m.factorItems = append(m.factorItems, m.item(p.Name))
			}
		}
		m.factorItems = slices.Clip(m.factorItems)
	}
	return m.factorItems
}

// contact reports whether a source is one of the contacts.
func contact(name string) bool {
	return len(name) == len(SourceContact)+1 && name[:len(SourceContact)] == SourceContact
}

// uses reports whether a source can serve a need of the row.
func (r *row) uses(s source) bool {
	return slices.ContainsFunc(r.needs, func(n need) bool {
		return slices.ContainsFunc(n.alts, func(i int) bool { return slices.Contains(s.items, i) })
	})
}

// told reports whether the owner hears of things through a channel that is not
// in other hands.
func (m *machine) told(taken func(source string) bool) bool {
	return slices.ContainsFunc(m.hears, func(source string) bool { return !taken(source) })
}

// toldClosed reports whether the owner of a closed account hears of things
// through a channel that is not in other hands.
func (m *machine) toldClosed(taken func(source string) bool) bool {
	return m.told(func(source string) bool { return source == SourceDevice || taken(source) })
}
