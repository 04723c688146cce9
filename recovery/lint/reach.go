package lint

import (
	"slices"
	"time"
)

// set is a set of sources, by their number.
type set uint32

func (s set) has(i int) bool { return s&(1<<i) != 0 }

// within reports whether all of s is in t.
func (s set) within(t set) bool { return s&^t == 0 }

// held lists the items a set of sources proves.
func (m *machine) held(s set) []int {
	out := make([]int, 0, len(m.items))
	for i := range m.sources {
		if s.has(i) {
			out = append(out, m.sources[i].items...)
		}
	}
	return out
}

// keeper picks the rows that may be walked; nil: all.
type keeper func(index int, r *row) bool

// reach follows all chains from the items to a fixed point and returns when
// the attacker is signed in; never if not at all.
func (m *machine) reach(items []int, keep keeper) time.Duration {
	return m.follow(items, keep, false)
}

// follow is reach; at the first login it stops if no more is to be known.
func (m *machine) follow(items []int, keep keeper, first bool) time.Duration {
	for _, owned := range m.owned {
		for i := range owned {
			owned[i] = never
		}
		for _, i := range items {
			owned[i] = 0
		}
	}
	end := never
	for changed := true; changed; {
		changed = false
		for i := range m.rows {
			r := &m.rows[i]
			if keep != nil && !keep(i, r) {
				continue
			}
			at := m.when(r)
			if at == never {
				continue
			}
			if r.in {
				end = min(end, at)
				if first {
					return end
				}
			}
			changed = m.give(r, at) || changed
		}
	}
	return end
}

// when is the earliest time the row is over.
func (m *machine) when(r *row) time.Duration {
	at := time.Duration(0)
	for _, n := range r.needs {
		at = max(at, nth(m.owned[r.from], n))
	}
	if at == never {
		return never
	}
	return at + r.wait
}

// nth is when n different alternatives are owned.
func nth(seen []time.Duration, n need) time.Duration {
	if n.n > 1 {
		times := make([]time.Duration, 0, len(n.alts))
		for _, i := range n.alts {
			times = append(times, seen[i])
		}
		slices.Sort(times)
		return times[n.n-1]
	}
	best := never
	for _, i := range n.alts {
		best = min(best, seen[i])
	}
	return best
}

// give hands out what the row gives, and tells whether anything is owned earlier now.
func (m *machine) give(r *row, at time.Duration) bool {
	changed := false
	for _, g := range r.gives {
		for _, p := range r.to {
			after, counts := m.later(g, p)
			if t := at + after; counts && t < m.owned[p][g.item] {
				m.owned[p][g.item], changed = t, true
			}
		}
	}
	return changed
}

// chain lists rows that lead the items to a login as fast as can be, none of
// which could be left out, in the order they are walked.
func (m *machine) chain(items []int, keep keeper) []int {
	end, off := m.reach(items, keep), make([]bool, len(m.rows))
	kept := func(i int, r *row) bool { return !off[i] && (keep == nil || keep(i, r)) }
	for i := range slices.Backward(m.rows) {
		off[i] = true
		off[i] = m.reach(items, kept) == end
	}
	var out []int
	walked := func(i int, _ *row) bool { return slices.Contains(out, i) }
	for more := true; more; {
		more = false
		for i := range m.rows {
			if off[i] || slices.Contains(out, i) {
				continue
			}
			m.reach(items, walked)
			if m.when(&m.rows[i]) != never {
				out, more = append(out, i), true
			}
		}
	}
	return out
}

// minimal lists the smallest sets that sign in. Contacts are alike: of those
// with the same number of contacts only the first is listed.
func (m *machine) minimal(keep keeper) []set {
	var found []set
	for s := range set(1) << len(m.sources) {
		if !m.canonical(s) || slices.ContainsFunc(found, func(f set) bool { return f.within(s) }) {
			continue
		}
		// Every subset has a smaller number and was looked at before.
		if m.signsIn(s, keep) {
			found = append(found, s)
		}
	}
	return found
}

// canonical reports whether the contacts in the set are the first ones.
func (m *machine) canonical(s set) bool {
	before := true
	for i, src := range m.sources {
		if !contact(src.name) {
			continue
		}
		if s.has(i) && !before {
			return false
		}
		before = s.has(i)
	}
	return true
}

func (m *machine) signsIn(s set, keep keeper) bool {
	return m.follow(m.held(s), keep, true) != never
}

// later is how long after a row its gift counts in a phase; false: never there.
// What was made within the ban before an account was closed does not open it,
// and a sheet of codes that a thief made never does.
func (m *machine) later(g gift, p phase) (time.Duration, bool) {
	if p != closed {
		return g.after, true
	}
	if g.item == 0 { // the kind of account it is
		return g.after, true
	}
	return max(g.after, m.table.Ban), m.items[g.item] != proofCodes
}
