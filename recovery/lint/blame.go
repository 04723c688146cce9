package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// judge blames ways for all sets weaker than the login. It then looks again
// without the ways blamed, because those sets may have hidden others.
func (m *machine) judge() []Finding {
	out, gone := []Finding{}, map[wayRef]bool{}
	for {
		keep, blamed := without(gone), maps.Clone(gone)
		for _, s := range m.minimal(keep) {
			if m.count(s, ClassAuthority) == 0 && m.weak(s, keep) {
				findings, ways := m.blame(s, gone)
				out = append(out, findings...)
				maps.Copy(blamed, ways)
			}
		}
		if len(blamed) == len(gone) {
			return out
		}
		gone = blamed
	}
}

// without keeps all rows but those of some ways.
func without(gone map[wayRef]bool) keeper {
	return func(_ int, r *row) bool { return !gone[r.way] }
}

// blame finds the ways that make a set weaker than the login possible, besides
// those gone already. While there is a chain that does, those of its ways are
// blamed that are too weak by themselves, or all when only together they are;
// then these are taken away and it is tried again. So each chain has a culprit.
func (m *machine) blame(s set, gone map[wayRef]bool) ([]Finding, map[wayRef]bool) {
	var out []Finding
	gone = maps.Clone(gone)
	for keep := without(gone); m.weak(s, keep); {
		x, ways := m.takeover(s, keep), m.necessary(s, gone)
		if len(ways) == 0 {
			return append(out, m.unowned(x, m.steps(m.held(s), keep))), gone
		}
		if alone := slices.DeleteFunc(slices.Clone(ways), func(w wayRef) bool { return !m.weakAlone(w) }); len(alone) > 0 {
			ways = alone
		}
		out = append(out, m.weaker(ways, x))
		for _, w := range ways {
			gone[w] = true
		}
	}
	return out, gone
}

// necessary takes ways off, the last first, while the set stays weak: what
// remains is needed all of it.
func (m *machine) necessary(s set, gone map[wayRef]bool) []wayRef {
	gone = maps.Clone(gone)
	var needed []wayRef
	for _, goal := range slices.Backward(Goals()) {
		for i := len(m.table.Ways[goal]); i > 0; i-- {
			w := wayRef{goal, i}
			if gone[w] {
				continue
			}
			gone[w] = true
			if !m.weak(s, without(gone)) {
				delete(gone, w)
				needed = append(needed, w)
			}
		}
	}
	slices.Reverse(needed)
	return needed
}

// weakAlone reports whether a policy of only this way has a set weaker than the login.
func (m *machine) weakAlone(w wayRef) bool {
	weak, known := m.alone[w]
	if !known {
		keep := func(_ int, r *row) bool { return r.way.i == 0 || r.way == w }
		weak = slices.ContainsFunc(m.minimal(keep), func(s set) bool {
			return m.count(s, ClassAuthority) == 0 && m.weak(s, keep)
		})
		m.alone[w] = weak
	}
	return weak
}

// weaker is the finding for ways that together are to blame for a set. It is
// an error unless each of them says weak_ok, and names those that do not.
func (m *machine) weaker(refs []wayRef, x Takeover) Finding {
	f := Finding{Key: KeyWeaker, Severity: Note, Set: x.Sources, Shape: &m.shape}
	open := slices.DeleteFunc(slices.Clone(refs), func(w wayRef) bool { return m.way(w).WeakOK })
	if len(open) > 0 {
		f.Severity, refs = Error, open
		f.Remedy = "add a proof that does not come from the same place, a wait of 24h, or weak_ok if that is meant"
	}
	f.refs = refs
	written := slices.ContainsFunc(refs, func(w wayRef) bool { return m.way(w).Line != "" })
	var named []string
	for _, ref := range refs {
		w, which := m.way(ref), "the"
		if written && w.Line == "" {
			which = "the default"
		}
		f.Goal = ref.goal
		f.Ways = append(f.Ways, w.String())
		named = append(named, fmt.Sprintf("recover %s: %s way %q", ref.goal, which, w.String()))
		if w.Line != "" {
			f.Lines = append(f.Lines, w.Line)
		}
	}
	verb := "lets"
	if len(named) > 1 {
		verb = "together let"
	}
	f.Text = fmt.Sprintf("%s %s %s", strings.Join(named, " and "), verb, m.outcome(x))
	return f
}

// unowned is the finding for a set that needs no way at all.
func (m *machine) unowned(x Takeover, chain []Step) Finding {
	return Finding{
		Key: KeyWeaker, Severity: Error, Set: x.Sources, Shape: &m.shape,
		Text: fmt.Sprintf("%s, without any way back, lets %s", chain[0].Name, m.outcome(x)),
	}
}

// outcome tells who takes what over, and why that is too easy.
func (m *machine) outcome(x Takeover) string {
	after := ""
	if x.Delay > 0 {
		after = ", after " + x.Delay.String() + ","
	}
	login := m.login.Strength
	why := fmt.Sprintf("that counts as %s, a login takes %s", owned(x.Held), counting(login.Held, "such "))
	if x.Held >= login.Held {
		why = fmt.Sprintf("that counts as %s, a login takes %d", counting(x.Count, ""), login.Count)
	}
	return fmt.Sprintf("whoever holds %s%s take over an account that signs in with %s (%s)", x, after, m.login, why)
}

// owned is the held value in plain words.
func owned(held int) string {
	if held == 0 {
		return "nothing that only its owner has"
	}
	return counting(held, "") + " that only its owner has"
}

// counting is a number of things, of a sort if need be.
func counting(n int, sort string) string {
	if n == 1 {
		return "1 " + sort + "thing"
	}
	return fmt.Sprintf("%d %sthings", n, sort)
}
