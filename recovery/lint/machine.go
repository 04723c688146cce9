package lint

import (
	"slices"
	"time"
)

// wayRef names a way of the table; the zero value is none.
type wayRef struct {
	goal Goal
	i    int // counted from 1
}

// need is met by n different items of alts.
type need struct {
	alts []int
	n    int
}

// gift is an item owned once a row was walked, and how much later it counts.
type gift struct {
	item  int
	after time.Duration
}

// row is one thing an attacker can do: sign in, walk a way, make a change.
type row struct {
	name  string
	way   wayRef
	needs []need
	gives []gift
	in    bool // ends in a full login
	login bool // is a row of the login
	wait  time.Duration
	from  phase // what is owned then can be shown
	to    []phase
}

// phase keeps apart what cannot be used together: a recovery ends all
// sessions, so that nothing it gives can be shown beside a signed-in device.
type phase int

const (
	before phase = iota // no recovery yet: changes, approvals of a device
	home                // recovered, as the kind of account it is
	other               // recovered after a change gave it a second factor, or took it off
	phases
)

// source is something an attacker may hold at the start.
type source struct {
	name   string
	class  Class
	weight int   // 2 for a verified passkey
	items  []int // what it proves
}

// machine is a table compiled for one shape. Items are proofs and a few facts
// that behave like proofs; they are numbered so that a fixed point over all
// subsets of the sources costs microseconds. It is not safe for concurrent use.
type machine struct {
	table   Table
	shape   Shape
	items   []string
	sources []source
	rows    []row
	login   Takeover                // its weakest minimal set
	alone   map[wayRef]bool         // what weakAlone found
	owned   [phases][]time.Duration // scratch of reach: since when an item is owned
}

// Items beside the proofs of the table.
const (
	itemSession = "session"     // whoever sits before a signed-in device
	itemTrusted = "password*"   // a password that counts for the second factor
	itemOther   = "other kind"  // the account has, or lost, its second factor by a change; it has the number 0
	verified    = "*"           // follows the name of a passkey that asks its owner
	itemContact = SourceContact // followed by a number
	never       = time.Duration(1<<63 - 1)
	cooled      = 24 * time.Hour // a wait that makes one issued source count as held
)

func compile(t Table, s Shape) *machine {
	m := &machine{table: t, shape: s, items: []string{itemOther}, alone: map[wayRef]bool{}}
	for _, p := range t.Proofs {
		if t.configured(p) {
			m.addProof(p)
		}
	}
	slices.SortStableFunc(m.sources, func(a, b source) int { return rank(a.class) - rank(b.class) })
	m.addLogin()
	for _, goal := range Goals() {
		for i, w := range t.Ways[goal] {
			m.addWay(wayRef{goal, i + 1}, w)
		}
	}
	m.addChanges()
	for p := range m.owned {
		m.owned[p] = make([]time.Duration, len(m.items))
	}
	m.login = m.signIn()
	return m
}

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
		for i := range m.shape.source(SourceContact) {
			name := itemContact + string(rune('1'+i))
			m.own(name, p, m.item(name))
		}
	case p.Name == proofPassword:
		m.own(p.Source, p, m.item(p.Name), m.item(itemTrusted))
	case m.shape.Verified && m.table.verifies(p.Name):
		m.own(p.Source, p, m.item(p.Name), m.item(p.Name+verified))
	default:
		m.own(p.Source, p, m.item(p.Name))
	}
}

// own lets a source prove items.
func (m *machine) own(name string, p Proof, items ...int) {
	if m.shape.source(p.Source) == 0 || !m.shape.knows(p.Name) {
		return
	}
	i := slices.IndexFunc(m.sources, func(s source) bool { return s.name == name })
	if i < 0 {
		weight := 1
		if name == SourcePasskey && m.shape.Verified {
			weight = 2
		}
		m.sources = append(m.sources, source{name: name, class: p.Class, weight: weight})
		i = len(m.sources) - 1
	}
	m.sources[i].items = append(m.sources[i].items, items...)
}

// item is the number of a name, which is new if need be.
func (m *machine) item(name string) int {
	if i := slices.Index(m.items, name); i >= 0 {
		return i
	}
	m.items = append(m.items, name)
	return len(m.items) - 1
}

// addLogin adds the rows of the login, for both kinds of account.
func (m *machine) addLogin() {
	for _, l := range m.table.Login {
		r := row{name: "sign in", in: true, login: l.WithoutFactor != m.shape.HasFactor()}
		ok := m.require(&r, l.Proofs, ForLogin, l.WithoutFactor)
		if l.Verified {
			m.requireVerified(&r, l.Proofs)
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
	if withoutFactor == m.shape.HasFactor() {
		p = other
		r.needs = append(r.needs, need{alts: []int{0}, n: 1})
	}
	if !slices.ContainsFunc(r.needs, func(n need) bool { return n.alts[0] == m.item(itemSession) }) {
		r.from = p
	}
	r.to = []phase{p}
	m.rows = append(m.rows, r)
}

// addWay adds the rows of a way: one, or one for each proof it may begin with
// when it has none of its own.
func (m *machine) addWay(ref wayRef, w Way) {
	first := [][]string{nil}
	if !m.begins(w) {
		first = first[:0]
		for _, s := range m.table.firsts() {
			first = append(first, []string{s})
		}
	}
	for _, f := range first {
		proofs := slices.Concat(f, w.Proofs, m.asked())
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

// addRecovery adds one row of a way for a kind of account.
func (m *machine) addRecovery(ref wayRef, w Way, proofs []string, goal Goal, withoutFactor bool) {
	if m.shape.Manages && slices.Contains(w.Proofs, proofInPerson) {
		w.Wait = max(w.Wait, cooled)
	}
	r := row{name: w.String(), way: ref, wait: w.Wait, gives: m.replaced(goal)}
	ok := m.require(&r, proofs, string(goal), withoutFactor)
	used := func(name string) bool {
		return slices.ContainsFunc(m.sources, func(s source) bool { return s.name == name && r.uses(s) })
	}
	if w.Wait > 0 && !m.told(used) {
		return // offered only where a notice goes elsewhere
	}
	m.add(r, ok, withoutFactor)
}

// replaced is what a recovery gives: the password counts for the second
// factor only after the ban.
func (m *machine) replaced(goal Goal) []gift {
	var out []gift
	if goal != GoalSecondFactor {
		out = append(out, gift{m.item(proofPassword), 0}, gift{m.item(itemTrusted), m.table.Ban})
	}
	if goal != GoalPassword {
		for _, i := range append(m.given(WordFactor), m.given(proofCodes)...) {
			out = append(out, gift{i, 0})
		}
	}
	return out
}

// asked are the extra proofs this account is asked for in every recovery.
func (m *machine) asked() []string {
	return slices.DeleteFunc(slices.Clone(m.table.Ask), func(name string) bool {
		p, ok := m.table.proof(name)
		return !ok || m.shape.source(p.Source) == 0 || !m.shape.knows(name)
	})
}

// addChanges adds what a session, or a half-finished login, can do.
func (m *machine) addChanges() {
	for _, c := range m.table.Changes {
		r := row{name: c.Name, to: []phase{before, home, other}}
		if c.NoFactorOnly && m.shape.HasFactor() || !m.require(&r, c.Proofs, "", !m.shape.HasFactor()) {
			continue
		}
		if c.Session {
			r.needs = append(r.needs, need{alts: []int{m.item(itemSession)}, n: 1})
		}
		for _, g := range c.Gives {
			if p, _ := m.table.proof(g); m.shape.HasFactor() == (g == GiftNoFactor) && (g == WordFactor || g == GiftNoFactor || p.Factor) {
				r.gives = append(r.gives, gift{0, c.After})
			}
			for _, i := range m.given(g) {
				r.gives = append(r.gives, gift{i, c.After})
			}
		}
		m.rows = append(m.rows, r)
	}
}

// begins reports whether the way has a proof that may come before any other.
func (m *machine) begins(w Way) bool {
	return slices.ContainsFunc(w.Proofs, m.table.first)
}

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
