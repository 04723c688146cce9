package lint

import (
	"slices"
	"strconv"
)

// signIn finds the weakest minimal set of the login alone.
func (m *machine) signIn() Takeover {
	var best Takeover
	for i, s := range m.minimal(direct) {
		x := m.takeover(s, direct)
		if i == 0 || x.Held < best.Held || x.Held == best.Held && x.Count < best.Count {
			best = x
		}
	}
	return best
}

// direct keeps the rows of the login.
func direct(_ int, r *row) bool { return r.login }

// takeover describes a set that signs in by the rows kept.
func (m *machine) takeover(s set, keep keeper) Takeover {
	x := Takeover{Sources: m.names(s), Strength: m.strength(s, keep), Direct: m.signsIn(s, direct)}
	end := m.reach(m.held(s), keep)
	x.Delay = Delay(end)
	x.Stoppable = end > 0 && m.stoppable(s)
	x.Weaker = !x.Direct && m.count(s, ClassAuthority) == 0 && x.Strength.weaker(m.login.Strength)
	return x
}

// weak reports whether the rows kept sign a set in that is weaker than the login.
func (m *machine) weak(s set, keep keeper) bool {
	return m.signsIn(s, keep) && !m.signsIn(s, direct) && m.strength(s, keep).weaker(m.login.Strength)
}

// strength weighs a set as the package comment says. The rows matter for an
// issued source that is alone.
func (m *machine) strength(s set, keep keeper) Strength {
	out := Strength{Held: m.count(s, ClassHeld)}
	login := m.signsIn(s, direct)
	for i, src := range m.sources {
		switch {
		case !s.has(i):
		case login:
			out.Count += src.weight
		default: // a way back looks at what was shown, and not at what checked it
			out.Count++
		}
	}
	issued := m.count(s, ClassIssued)
	switch {
	case issued == 1 && m.cooled(s, keep):
		out.Held++
	case out.Held > 0 || m.count(s, ClassMemory) > 0:
		out.Held += issued / 2
	}
	return out
}

// cooled reports whether the only issued source of the set counts as held: no
// chain ends in a login without a way that consumes it, waits a day and can be
// stopped from outside the set.
func (m *machine) cooled(s set, keep keeper) bool {
	return m.stoppable(s) && !m.signsIn(s, func(i int, r *row) bool {
		heard := !r.thaw || m.toldClosed(m.within(s))
		return (keep == nil || keep(i, r)) && (r.wait < cooled || !heard || !m.consumes(r, s, ClassIssued))
	})
}

// consumes reports whether a source of the set and the class can serve the row.
func (m *machine) consumes(r *row, s set, c Class) bool {
	for i, src := range m.sources {
		if s.has(i) && src.class == c && r.uses(src) {
			return true
		}
	}
	return false
}

// stoppable reports whether a notice reaches the owner outside the set.
func (m *machine) stoppable(s set) bool { return m.told(m.within(s)) }

// within tells whether a source is in the set.
func (m *machine) within(s set) func(source string) bool {
	return func(name string) bool {
		i := slices.IndexFunc(m.sources, func(src source) bool { return src.name == name })
		return i >= 0 && s.has(i)
	}
}

// names lists a set, with several contacts as one word.
func (m *machine) names(s set) []string {
	var out []string
	contacts := 0
	for i, src := range m.sources {
		switch {
		case !s.has(i):
		case contact(src.name):
			contacts++
		default:
			out = append(out, src.name)
		}
	}
	if contacts == 1 {
		out = append(out, SourceContact)
	} else if contacts > 1 {
		out = append(out, SourceContact+"*"+strconv.Itoa(contacts))
	}
	return out
}

func (m *machine) count(s set, c Class) int {
	n := 0
	for i, src := range m.sources {
		if s.has(i) && src.class == c {
			n++
		}
	}
	return n
}

// steps tells how the items end in a login.
func (m *machine) steps(items []int, keep keeper) []Step {
	var out []Step
	for _, i := range m.chain(items, keep) {
		out = append(out, m.step(&m.rows[i]))
	}
	return out
}

func (m *machine) step(r *row) Step {
	step := Step{Name: r.name, Goal: r.way.goal}
	if r.way.i > 0 {
		step.Line = m.way(r.way).Line
	}
	return step
}

func (m *machine) way(ref wayRef) Way { return m.table.way(ref) }
