package lint

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// adviser finds lines that load. It begins without any way that is refused, puts
// one after the other back, and changes it until nothing is refused.
type adviser struct {
	table Table
	// now has what stands in the place of a way; others are as they were.
	now map[wayRef][]Way
	// open are the ways refused that nothing was found for yet.
	open map[wayRef]bool
}

// advise adds to findings the lines to write. What names fewer ways comes first:
// a chain may be mended with one of its ways.
func advise(t Table, findings []Finding) {
	m := &adviser{table: t, now: map[wayRef][]Way{}, open: map[wayRef]bool{}}
	var refused, missing []*Finding
	for i := range findings {
		f := &findings[i]
		switch {
		case f.Key == KeyNoWay:
			missing = append(missing, f)
		case f.Severity == Error && len(f.refs) > 0:
			refused = append(refused, f)
			m.take(f)
		}
	}
	m.equip(refused)
	slices.SortStableFunc(refused, func(a, b *Finding) int { return cmp.Compare(len(a.refs), len(b.refs)) })
	for _, f := range refused {
		m.replace(f)
	}
	for _, f := range refused {
		m.drop(f)
	}
	for _, f := range missing {
		m.add(f)
	}
}

// take takes the ways of a finding out. A default cannot be written over where
// another way can.
func (m *adviser) take(f *Finding) {
	written := slices.DeleteFunc(slices.Clone(f.refs), func(ref wayRef) bool { return m.table.way(ref).Line == "" })
	if len(written) > 0 {
		f.refs = written
	}
	for _, ref := range f.refs {
		m.now[ref], m.open[ref] = nil, true
	}
}

// equip sets the channels up that ways lack, if what is written otherwise loads
// with them.
func (m *adviser) equip(refused []*Finding) {
	var more []string
	for _, f := range refused {
		if f.Key == KeyNotSetUp {
			more = append(more, m.table.unsent(m.table.way(f.refs[0]))...)
		}
	}
	if len(more) == 0 {
		return
	}
	before := m.table
	m.table = m.table.equipped(more)
	if m.loads(m.now, nil) {
		return
	}
	m.table = before
	for _, f := range refused {
		if f.Key == KeyNotSetUp {
			f.Remedy = "take it out, or " + f.Remedy + " and see what is refused then"
		}
	}
}

// equipped is the table with more channels, and with the default ways that need
// nothing else.
func (t Table) equipped(channels []string) Table {
	t.Channels = slices.Concat(t.Channels, channels)
	all := maps.Clone(t.Ways)
	for goal, ways := range t.Idle {
		for _, w := range ways {
			if len(t.unsent(w)) == 0 {
				all[goal] = append(slices.Clone(all[goal]), w)
			}
		}
	}
	t.Ways = all
	return t
}

// unsent are the channels that a way needs and that nothing sends on.
func (t Table) unsent(w Way) []string {
	var out []string
	for _, name := range w.Proofs {
		if p, ok := t.proof(name); ok && !t.configured(p) && !slices.Contains(out, p.Channel) {
			out = append(out, p.Channel)
		}
	}
	return out
}

// replace finds what to write instead of the ways of a finding.
func (m *adviser) replace(f *Finding) {
	open := slices.DeleteFunc(slices.Clone(f.refs), func(ref wayRef) bool { return !m.open[ref] })
	if f.Key != KeyDuplicate {
		now, found := m.search(open, f.Shape)
		if !found {
			return
		}
		m.now = now
	}
	for _, ref := range open {
		delete(m.open, ref)
	}
	for _, ref := range f.refs {
		if old := m.table.way(ref); len(m.now[ref]) != 1 || m.now[ref][0].line() != old.line() {
			f.Fixes = append(f.Fixes, Fix{Line: old.Line, Write: lines(m.now[ref])})
		}
	}
	m.remark(f)
}

// drop leaves out what no change mends. An empty block is refused, so that the
// goal is switched off where nothing is left of it. A word that is none was meant
// as another, which only its writer knows.
func (m *adviser) drop(f *Finding) {
	if f.Key == KeyUnknownProof {
		return
	}
	left := m.table.replaced(m.now)
	var off []string
	for _, ref := range f.refs {
		old := m.table.way(ref)
		if !m.open[ref] || old.Line == "" {
			continue
		}
		f.Remedy = "nothing was found that mends it"
		if left.lastWritten(ref.goal) > 0 {
			f.Fixes = append(f.Fixes, Fix{Line: old.Line, Write: []string{}})
		} else if block := fmt.Sprintf("write recover %s off instead of its block", ref.goal); !slices.Contains(off, block) {
			off = append(off, block)
		}
	}
	if len(off) > 0 {
		f.Remedy += ": " + strings.Join(off, ", and ")
	}
}

// remark is what remains to be said beside the lines.
func (m *adviser) remark(f *Finding) {
	accepted := slices.ContainsFunc(f.refs, func(ref wayRef) bool {
		return slices.ContainsFunc(m.now[ref], func(w Way) bool { return w.WeakOK && !m.table.way(ref).WeakOK })
	})
	switch {
	case f.Key == KeyNotSetUp:
	case len(f.Fixes) == 0:
		f.Remedy = "what is to be written for the other lines mends it too"
	case f.Key != KeyWeaker:
		f.Remedy = ""
	case accepted:
		f.Remedy = "if that is meant, accept it"
	default:
		f.Remedy = "weak_ok at the end of its line accepts it, if that is meant"
	}
}

// search tries the ways as they are, then the smallest change of one of them,
// and at last to accept them.
func (m *adviser) search(refs []wayRef, seen *Shape) (map[wayRef][]Way, bool) {
	now := maps.Clone(m.now)
	for _, ref := range refs {
		now[ref] = []Way{m.table.way(ref)}
	}
	if m.loads(now, seen) {
		return now, true
	}
	for i := range extras {
		for _, ref := range refs {
			for _, w := range m.table.stronger(ref.goal, m.table.way(ref), i) {
				tried := maps.Clone(now)
				tried[ref] = []Way{w}
				if m.loads(tried, seen) {
					return tried, true
				}
			}
		}
	}
	for _, ref := range refs {
		w := m.table.way(ref)
		w.WeakOK = true
		now[ref] = []Way{w}
	}
	return now, m.loads(now, seen)
}

// add finds a way for accounts that have none, below the last line of the block.
func (m *adviser) add(f *Finding) {
	ref := f.refs[0]
	t := m.table.replaced(m.now)
	if _, out := m.now[ref]; out && len(m.now[ref]) == 0 {
		return
	}
	for _, k := range t.without(ref.goal) {
		for _, w := range t.fitting(ref.goal, k) {
			w.Line = f.Lines[0]
			tried := maps.Clone(m.now)
			if len(tried[ref]) == 0 {
				tried[ref] = []Way{m.table.way(ref)}
			}
			tried[ref] = append(slices.Clone(tried[ref]), w)
			if t.serves(w, ref.goal, k) && m.loads(tried, nil) {
				m.now, f.Remedy = tried, ""
				f.Fixes = []Fix{{Line: w.Line, Below: true, Write: []string{w.line()}}}
				return
			}
		}
	}
}

// loads asks the lint itself. An account that a way was refused for is looked at
// first.
func (m *adviser) loads(now map[wayRef][]Way, seen *Shape) bool {
	t := m.table.replaced(now)
	refused := func(f Finding) bool { return f.Severity == Error }
	if slices.ContainsFunc(Check(t), refused) {
		return false
	}
	shapes := Shapes(t)
	if seen != nil {
		shapes = slices.Concat([]Shape{*seen}, shapes)
	}
	return !slices.ContainsFunc(shapes, func(s Shape) bool {
		return slices.ContainsFunc(compile(t, s).judge(), refused)
	})
}

// replaced is the table with others in the place of some ways.
func (t Table) replaced(now map[wayRef][]Way) Table {
	all := map[Goal][]Way{}
	for goal, ways := range t.Ways {
		for i, w := range ways {
			if others, ok := now[wayRef{goal, i + 1}]; ok {
				all[goal] = append(all[goal], others...)
			} else {
				all[goal] = append(all[goal], w)
			}
		}
	}
	t.Ways = all
	return t
}

// line is the way as a line of a Caddyfile.
func (w Way) line() string {
	s := "way " + w.String()
	if w.WithoutFactor {
		s += " without_factor"
	}
	if w.WeakOK {
		s += " weak_ok"
	}
	return s
}

func lines(ways []Way) []string {
	out := []string{}
	for _, w := range ways {
		out = append(out, w.line())
	}
	return out
}
