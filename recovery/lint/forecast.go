package lint

import (
	"slices"
	"strings"
)

// Walk is the first way, in the operator's order, that is still open for a goal.
type Walk struct {
	Goal Goal  `json:"goal"`
	Way  Step  `json:"way"`
	Wait Delay `json:"wait"`
	Help bool  `json:"help"` // it needs an authority
}

// Loss is what becomes of somebody who loses an object.
type Loss struct {
	Object string `json:"object"`
	// SignsIn says that an ordinary login still works.
	SignsIn bool `json:"signs_in"`
	// With are the proofs that it asks where an unknown browser is let in by a known
	// one; empty: elsewhere, or it does not.
	With []string `json:"with,omitempty"`
	// Goals that can still be walked at once, the best way of each.
	Goals []Walk `json:"goals"`
	// Spared are proofs of the account that its owner's next one has, too, and Gone
	// those that were on this one alone.
	Spared []string `json:"spared,omitempty"`
	Gone   []string `json:"gone,omitempty"`
	// Alone says that the owner gets back in without anybody's help, by one
	// way or several after another.
	Alone bool `json:"alone"`
	// LockedOut says that nobody the shape names can help either.
	LockedOut bool `json:"locked_out"`
	// Mends are things each of which would make Alone true. They are sought
	// only when it is not.
	Mends []Mend `json:"mends"`
}

// Forecast tells, for each thing that can be lost, how its owner gets back in.
// Things the account does not have are left out.
func Forecast(t Table, s Shape) []Loss {
	if t.KnownDevice {
		t.Login = t.strictLogin()
	}
	m, out := compile(t, s), []Loss{}
	for _, o := range t.Objects(s) {
		if o.Lost != "" && len(m.shown(slices.Concat(o.Loses, o.Takes, o.Spares))) > 0 {
			out = append(out, m.loss(o))
		}
	}
	return out
}

func (m *machine) loss(o Object) Loss {
	own, helped := m.left(o, false), m.left(o, true)
	l := Loss{Object: o.Lost, Goals: []Walk{}, Mends: []Mend{}, Spared: m.placed(o.Spares), Gone: m.placed(o.Takes)}
	l.SignsIn, l.Alone = m.reach(own, direct) != never, m.reach(own, active) != never
	if l.SignsIn && m.table.KnownDevice {
		l.With = m.signsInWith(own)
	}
	l.LockedOut = m.reach(helped, active) == never
	for _, goal := range Goals() {
		if goal != GoalPassword && !m.factor {
			continue // nothing of the kind to lose
		}
		walk, ok := m.walk(goal, own)
		if !ok {
			walk, ok = m.walk(goal, helped)
			walk.Help = true
		}
		if ok {
			l.Goals = append(l.Goals, walk)
		}
	}
	if l.Alone {
		return l
	}
	for _, x := range m.table.additions() {
		if s, changed := x.to(m.shape); changed {
			if n := compile(m.table, s); n.reach(n.left(o, false), active) != never {
				l.Mends = append(l.Mends, x.Mend)
			}
		}
	}
	return l
}

// strictLogin is the login on an unknown browser that a known one has to let in, or
// where there is none, the mailbox or a code beside the factor.
func (t Table) strictLogin() []SignIn {
	var out []SignIn
	for _, l := range t.Login {
		more := []string{proofDevice, "mail_code", proofCodes}
		switch {
		case slices.Contains(l.Proofs, proofDevice): // that was instead of the factor
			continue
		case slices.Contains(l.Proofs, proofCodes):
			more = more[:1]
		}
		for _, word := range more {
			strict := l
			strict.Proofs = append(slices.Clone(l.Proofs), word)
			out = append(out, strict)
		}
	}
	return out
}

// signsInWith are the proofs of the first row of the login that the items are enough
// for.
func (m *machine) signsInWith(items []int) []string {
	m.reach(items, func(int, *row) bool { return false })
	for i := range m.rows {
		if r := &m.rows[i]; r.login && m.when(r) != never {
			return r.words
		}
	}
	return nil
}

// placed keeps the proofs that the account has, and that are somewhere.
func (m *machine) placed(proofs []string) []string {
	return slices.DeleteFunc(slices.Clone(proofs), func(name string) bool {
		p, _ := m.table.proof(name)
		return len(p.Places) == 0 || m.has(p) == 0
	})
}

// left lists the items somebody still has without the object, with or without
// the help of an authority.
func (m *machine) left(o Object, help bool) []int {
	lost := m.shown(o.Loses)
	var out []int
	for _, src := range m.sources {
		for _, i := range src.items {
			gone := slices.Contains(lost, i) || slices.Contains(o.Loses, strings.TrimSuffix(m.items[i], verified))
			if !gone && (help || src.class != ClassAuthority) {
				out = append(out, i)
			}
		}
	}
	return out
}

// walk finds the first way for the goal that the items are enough for.
func (m *machine) walk(goal Goal, items []int) (Walk, bool) {
	m.reach(items, func(int, *row) bool { return false })
	for _, g := range []Goal{goal, GoalBoth} {
		for i := range m.rows {
			r := &m.rows[i]
			if r.thaw || r.way.i == 0 || r.way.goal != g || m.when(r) == never {
				continue
			}
			return Walk{Goal: goal, Way: m.step(r), Wait: Delay(r.wait)}, true
		}
	}
	return Walk{}, false
}

// active keeps the rows of accounts that nobody has closed.
func active(_ int, r *row) bool { return !r.thaw }
