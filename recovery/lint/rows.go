package lint

import "slices"

// addLogin adds the rows of the login, for both kinds of account.
func (m *machine) addLogin() {
	for _, l := range m.table.Login {
		r := row{name: "sign in", words: l.Proofs, in: true, login: l.WithoutFactor != m.factor}
		ok := m.require(&r, l.Proofs, ForLogin, l.WithoutFactor)
		if l.Verified {
			m.requireVerified(&r, l.Proofs[:1])
		}
		m.add(r, ok, l.WithoutFactor)
	}
}

// add adds a row that can be walked, in the phase it belongs to. Rows of the
// other kind of account hold after a change made it one.
func (m *machine) add(r row, ok, withoutFactor bool) {
	if !ok {
		return
	}
	p := home
	if withoutFactor == m.factor {
		p = other
		r.needs = append(r.needs, need{alts: []int{0}, n: 1})
	}
	if !slices.ContainsFunc(r.needs, func(n need) bool { return n.alts[0] == m.item(itemSession) }) {
		r.from = p
	}
	r.to = []phase{p, closed}
	m.rows = append(m.rows, r)
}

// addWay adds the rows of a way: one, or one for each proof it may begin with
// when it has none of its own.
func (m *machine) addWay(ref wayRef, w Way) {
	for _, proofs := range m.walks(w) {
		switch {
		case ref.goal == GoalPassword && w.WithoutFactor:
			m.addRecovery(ref, w, proofs, GoalPassword, true)
		case ref.goal != GoalBoth:
			m.addRecovery(ref, w, proofs, ref.goal, false)
		default:
			m.addRecovery(ref, w, proofs, GoalBoth, false)
			if len(m.table.Ways[GoalPassword]) > 0 {
				m.addRecovery(ref, w, proofs, GoalPassword, true)
			}
		}
	}
}

// walks lists the proofs of a way, with what is asked besides: once, or once for
// each proof it may begin with when it has none of its own.
func (m *machine) walks(w Way) [][]string {
	if m.begins(w) {
		return [][]string{slices.Concat(w.Proofs, m.asked())}
	}
	var out [][]string
	for _, s := range m.table.firsts() {
		out = append(out, slices.Concat([]string{s}, w.Proofs, m.asked()))
	}
	return out
}

// begins reports whether the way has a proof that may come before any other.
func (m *machine) begins(w Way) bool {
	return slices.ContainsFunc(w.Proofs, m.table.first)
}

// addRecovery adds one row of a way for a kind of account.
func (m *machine) addRecovery(ref wayRef, w Way, proofs []string, goal Goal, withoutFactor bool) {
	if m.shape.Has(TraitManages) && slices.Contains(w.Proofs, proofInPerson) {
		w.Wait = max(w.Wait, cooled)
	}
	r := row{name: w.String(), way: ref, wait: w.Wait, gives: m.replaced(goal)}
	ok := m.require(&r, proofs, string(goal), withoutFactor)
	if w.Wait > 0 && !m.told(m.usedBy(&r)) {
		return // offered only where a notice goes elsewhere
	}
	m.add(r, ok, withoutFactor)
}

// usedBy tells whether a source can serve as a proof of the row.
func (m *machine) usedBy(r *row) func(source string) bool {
	return func(name string) bool {
		return slices.ContainsFunc(m.sources, func(s source) bool { return s.name == name && r.uses(s) })
	}
}

// replaced is what a recovery gives: the password counts for the second
// factor only after the ban.
func (m *machine) replaced(goal Goal) []gift {
	if known, ok := m.recovered[goal]; ok {
		return known
	}
	var out []gift
	if goal != GoalSecondFactor {
		out = append(out, gift{m.item(proofPassword), 0}, gift{m.item(itemTrusted), m.table.Ban})
	}
	if goal != GoalPassword {
		for _, i := range append(m.given(WordFactor), m.given(proofCodes)...) {
			out = append(out, gift{i, 0})
		}
	}
	m.recovered[goal] = slices.Clip(out)
	return m.recovered[goal]
}

// asked are the extra proofs this account is asked for in every recovery.
func (m *machine) asked() []string {
	return slices.DeleteFunc(slices.Clone(m.table.Ask), func(name string) bool {
		p, ok := m.table.proof(name)
		return !ok || m.has(p) == 0
	})
}

// addChanges adds what a session, or a half-finished login, can do.
func (m *machine) addChanges() {
	for _, c := range m.table.Changes {
		r := row{name: c.Name, to: []phase{before, home, other, closed}}
		if c.NoFactorOnly && m.factor || !m.require(&r, c.Proofs, "", !m.factor) {
			continue
		}
		if c.Session {
			r.needs = append(r.needs, need{alts: []int{m.item(itemSession)}, n: 1})
		}
		for _, g := range c.Gives {
			if p, _ := m.table.proof(g); m.factor == (g == GiftNoFactor) && (g == WordFactor || g == GiftNoFactor || p.Factor) {
				r.gives = append(r.gives, gift{0, c.After})
			}
			for _, i := range m.given(g) {
				r.gives = append(r.gives, gift{i, c.After})
			}
		}
		m.rows = append(m.rows, r)
	}
}
