package lint

import (
	"slices"
	"time"
)

func compile(t Table, s Shape) *machine {
	m := &machine{table: t, shape: s, items: []string{itemOther}, alone: map[wayRef]bool{}, recovered: map[Goal][]gift{}}
	m.hears = m.hearing()
	for _, p := range t.Proofs {
		m.factor = m.factor || p.Factor && s.Has(p.Source)
		if t.configured(p) {
			m.addProof(p)
		}
	}
	slices.SortStableFunc(m.sources, func(a, b source) int { return rank(a.class) - rank(b.class) })
	m.rows = make([]row, 0, usualRows)
	m.addLogin()
	for _, goal := range Goals() {
		for i, w := range t.Ways[goal] {
			m.addWay(wayRef{goal, i + 1}, w)
		}
	}
	m.addChanges()
	m.addThaws()
	for p := range m.owned {
		m.owned[p] = make([]time.Duration, len(m.items))
	}
	m.login = m.signIn()
	return m
}

// usualRows is room for the rows of a policy that is not long.
const usualRows = 64

// rank puts authority last, so that sets without it are found first.
func rank(c Class) int {
	switch c {
	case ClassMemory:
		return 0
	case ClassHeld:
		return 1
	case ClassAuthority:
		return 3
	default:
		return 2
	}
}

// addProof numbers a proof and puts it with its source, if the account has that.
func (m *machine) addProof(p Proof) {
	switch {
	case p.Name == proofDevice:
		m.own(p.Source, p, m.item(itemSession))
	case p.Source == SourceContact:
		for i := range m.has(p) {
			name := itemContact + string(rune('1'+i))
			m.own(name, p, m.item(name))
		}
	case p.Name == proofPassword:
		m.own(p.Source, p, m.item(p.Name), m.item(itemTrusted))
	case m.shape.Has(TraitVerified) && m.table.verifies(p.Name):
		m.own(p.Source, p, m.item(p.Name), m.item(p.Name+verified))
	default:
		m.own(p.Source, p, m.item(p.Name))
	}
}

// has tells how many of a proof the account can show. A password is in every
// account but one whose passkeys stand for it, and so is what no shape can name, so that a method unknown to the lint
// is judged too. What is asked in addition is named by itself.
func (m *machine) has(p Proof) int {
	switch {
	case p.Name == proofPassword && m.shape.Has(TraitNoPassword):
		return 0
	case p.Extra:
		return m.shape.Count(p.Name)
	case p.Source == SourceMemory, !p.Factor && !listed(p.Source):
		return 1
	}
	return m.shape.Count(p.Source)
}

// hearing lists what a notice reaches the owner by.
func (m *machine) hearing() []string {
	by := map[string]string{channelPush: TraitPush, channelMail: SourceMail, channelSMS: SourceSMS}
	var out []string
	for _, c := range m.table.Channels {
		if name := by[c]; m.shape.Has(name) {
			out = append(out, name)
		}
	}
	if m.shape.Has(SourceDevice) {
		out = append(out, SourceDevice)
	}
	return out
}

// own lets a source prove items.
func (m *machine) own(name string, p Proof, items ...int) {
	if m.has(p) == 0 {
		return
	}
	i := slices.IndexFunc(m.sources, func(s source) bool { return s.name == name })
	if i < 0 {
		weight := 1
		if name == SourcePasskey && m.shape.Has(TraitVerified) {
			weight = 2
		}
		m.sources = append(m.sources, source{name: name, class: p.Class, weight: weight})
		i = len(m.sources) - 1
	}
	m.sources[i].items = append(m.sources[i].items, items...)
}
