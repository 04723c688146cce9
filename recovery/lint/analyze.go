package lint

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Delay is a duration that is written as people say it: "24h", "0s".
type Delay time.Duration

// String writes whole hours as hours.
func (d Delay) String() string {
	if t := time.Duration(d); t >= time.Hour && t%time.Hour == 0 {
		return strconv.Itoa(int(t/time.Hour)) + "h"
	}
	return time.Duration(d).String()
}

// MarshalText implements encoding.TextMarshaler with [Delay.String].
func (d Delay) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Strength is what a set is worth.
type Strength struct {
	Held  int `json:"held"`  // the held value of the package comment
	Count int `json:"count"` // of sources; a verified passkey is two
}

// weaker is smaller in the held value or in the number of sources.
func (s Strength) weaker(than Strength) bool {
	return s.Held < than.Held || s.Count < than.Count
}

// Step is one thing done on the way to a takeover.
type Step struct {
	Name string `json:"name"` // the way as written, the name of a change, or "sign in"
	Goal Goal   `json:"goal,omitempty"`
	Line string `json:"line,omitempty"`
}

// Takeover is a minimal set of sources with which an attacker can sign in as
// the owner, and again later.
type Takeover struct {
	Sources []string `json:"sources"` // "contact*2" for two of the contacts
	Strength
	// Delay until it is done: waits and bans, summed along the fastest chain.
	Delay Delay `json:"delay"`
	// Stoppable says that a notice reaches the owner outside the set before
	// a delay is over.
	Stoppable bool `json:"stoppable"`
	// Direct sets sign in without a recovery or change: they are the login.
	Direct bool   `json:"direct"`
	Weaker bool   `json:"weaker"` // than the login; never with an authority
	Chain  []Step `json:"chain"`
}

// Result is what [Analyze] found for one shape.
type Result struct {
	Shape Shape    `json:"shape"`
	Login Strength `json:"login"` // its weakest minimal set
	// Sets are all minimal sets without an authority, weakest first.
	Sets []Takeover `json:"sets"`
	// Helped are the minimal sets with an authority: listed, not compared.
	Helped []Takeover `json:"helped"`
	// Findings name the ways that make a set weaker than the login possible.
	Findings []Finding `json:"findings"`
}

// Analyze computes every minimal set of sources that takes an account of this
// shape over, and blames ways for those weaker than the login. Ways the table
// cannot offer (see [Check]) take no part.
func Analyze(t Table, s Shape) Result {
	m := compile(t, s)
	r := Result{Shape: s, Login: m.login.Strength, Sets: []Takeover{}, Helped: []Takeover{}}
	for _, found := range m.minimal(nil) {
		x := m.takeover(found, nil)
		x.Chain = m.steps(m.held(found), nil)
		if m.count(found, ClassAuthority) > 0 {
			r.Helped = append(r.Helped, x)
			continue
		}
		r.Sets = append(r.Sets, x)
	}
	order(r.Sets)
	order(r.Helped)
	r.Findings = m.judge()
	return r
}

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

func order(list []Takeover) {
	slices.SortStableFunc(list, func(a, b Takeover) int {
		if c := a.Held - b.Held; c != 0 {
			return c
		}
		return a.Count - b.Count
	})
}

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

func (m *machine) signsIn(s set, keep keeper) bool {
	return m.reach(m.held(s), keep) != never
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

func (m *machine) way(ref wayRef) Way { return m.table.Ways[ref.goal][ref.i-1] }

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

// strength weighs a set as the package comment says. The rows matter for an
// issued source that is alone.
func (m *machine) strength(s set, keep keeper) Strength {
	out := Strength{Held: m.count(s, ClassHeld)}
	for i, src := range m.sources {
		if s.has(i) {
			out.Count += src.weight
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
		return (keep == nil || keep(i, r)) && (r.wait < cooled || !m.consumes(r, s, ClassIssued))
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
func (m *machine) stoppable(s set) bool {
	return m.told(func(name string) bool {
		i := slices.IndexFunc(m.sources, func(src source) bool { return src.name == name })
		return i >= 0 && s.has(i)
	})
}

// String is the set with its names joined by plus signs.
func (x Takeover) String() string {
	words := make([]string, 0, len(x.Sources))
	for _, s := range x.Sources {
		words = append(words, label(s))
	}
	return strings.Join(words, " + ")
}

// label is the plain word for a source.
func label(source string) string {
	name, count, _ := strings.Cut(source, "*")
	plain := map[string]string{
		SourceMemory: "password", SourceTOTP: "authenticator", SourceCodes: "codes", SourceMail: "mailbox", SourceSMS: "number",
		SourceInPerson: "admin in person",
	}[name]
	if plain == "" {
		plain = name
	}
	if count != "" {
		return count + " " + plain + "s"
	}
	return plain
}
