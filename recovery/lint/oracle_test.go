package lint_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// oracle answers one question, may these sources take the account over, by
// trying everything an attacker can do from every state he can get into.
// It knows nothing of fixed points, times or minimal sets, and is slow.
type oracle struct {
	table    lint.Table
	shape    lint.Shape
	contacts int  // held
	shut     bool // the account is closed
}

// attackState is what is true at some moment of an attack.
type attackState struct {
	own     string // proofs, sorted, each between spaces
	session bool   // the signed-in device is at hand and still signed in
	factor  bool   // the account has a second factor now
}

func (s attackState) has(proof string) bool { return strings.Contains(s.own, " "+proof+" ") }

func (s attackState) with(proofs ...string) attackState {
	all := append(strings.Fields(s.own), proofs...)
	slices.Sort(all)
	s.own = " " + strings.Join(slices.Compact(all), " ") + " "
	return s
}

func (s attackState) without(proofs ...string) attackState {
	left := slices.DeleteFunc(strings.Fields(s.own), func(p string) bool { return slices.Contains(proofs, p) })
	s.own = " " + strings.Join(left, " ") + " "
	return s
}

// succeeds searches all states that can be reached.
func (o oracle) succeeds(begin attackState) bool {
	seen, todo := map[attackState]bool{begin: true}, []attackState{begin}
	for len(todo) > 0 {
		now := todo[0]
		todo = todo[1:]
		if o.signsIn(now) {
			return true
		}
		for _, next := range slices.Concat(o.changed(now), o.recovered(now), o.thawed(now)) {
			if !seen[next] {
				seen[next] = true
				todo = append(todo, next)
			}
		}
	}
	return false
}

func (o oracle) signsIn(s attackState) bool {
	if !s.factor {
		return s.has("password")
	}
	return s.has("verified") || s.has("password") && (s.has("totp") || s.has("passkey") || s.has("recovery_code") || s.session && o.strong(s))
}

func (o oracle) strong(s attackState) bool {
	if !s.factor {
		return s.has("password")
	}
	return s.has("totp") || s.has("passkey") || s.has("recovery_code")
}

// changed is what a session can make of the state, a change at a time.
func (o oracle) changed(s attackState) []attackState {
	if !s.session || !o.strong(s) {
		return nil
	}
	factor, bare := s.with(o.factors()...), s.without("totp", "passkey", "verified")
	factor.factor, bare.factor = true, false
	return []attackState{s.with("mail_link", "mail_code", "sms_code"), s.with("recovery_code"), s.with("contact", "pin", "question"), factor, bare}
}

// recovered is what walking one way makes of the state. Waits and bans pass.
func (o oracle) recovered(s attackState) []attackState {
	var out []attackState
	for _, goal := range lint.Goals() {
		for _, w := range o.table.Ways[goal] {
			gain := goal
			if goal == lint.GoalBoth && !s.factor && len(o.table.Ways[lint.GoalPassword]) > 0 {
				gain = lint.GoalPassword
			}
			fits := gain != lint.GoalPassword && s.factor || gain == lint.GoalPassword && goal == lint.GoalBoth ||
				goal == lint.GoalPassword && w.WithoutFactor != s.factor
			if fits && o.walks(s, w, gain) {
				out = append(out, o.replaced(s, gain))
			}
		}
	}
	return out
}

// thawed is what opening the account makes of the state after somebody closed
// it: no session is left, and of codes only the owner's sheet serves.
func (o oracle) thawed(s attackState) []attackState {
	shut := s.without("recovery_code")
	shut.session = false
	if s.has("sheet") {
		shut = shut.with("recovery_code")
	}
	closed := o
	closed.shut = true
	for _, w := range o.table.Ways[lint.GoalBoth] {
		if !slices.Contains(w.Proofs, "device") && closed.walks(shut, w, lint.GoalBoth) {
			out := o.replaced(s, lint.GoalBoth)
			out.factor = true
			return []attackState{out}
		}
	}
	return nil
}

func (o oracle) replaced(s attackState, goal lint.Goal) attackState {
	s.session = false
	if goal != lint.GoalSecondFactor {
		s = s.with("password")
	}
	if goal != lint.GoalPassword {
		s = s.with("recovery_code").with(o.factors()...)
	}
	return s
}

// factors is what somebody has who may enrol a second factor.
func (o oracle) factors() []string {
	if passkeys(o.table) {
		return []string{"totp", "passkey", "verified"}
	}
	return []string{"totp"}
}

func passkeys(t lint.Table) bool {
	return slices.ContainsFunc(t.Proofs, func(p lint.Proof) bool { return p.Name == "passkey" })
}

// walks reports whether the proofs of a way can be shown, beginning with one
// that may come first.
func (o oracle) walks(s attackState, w lint.Way, goal lint.Goal) bool {
	begins := [][]string{w.Proofs}
	if !slices.ContainsFunc(w.Proofs, first) {
		begins = nil
		for _, ways := range o.table.Ways {
			for _, v := range ways {
				people := func(p string) bool { return strings.HasPrefix(p, "contact") }
				other := slices.ContainsFunc(v.Proofs, func(p string) bool { return first(p) && !people(p) })
				for _, p := range v.Proofs {
					if first(p) && !(people(p) && other) { // people are asked first only where nothing else could be
						begins = append(begins, append([]string{p}, w.Proofs...))
					}
				}
			}
		}
	}
	return slices.ContainsFunc(begins, func(proofs []string) bool {
		return o.tellable(w, proofs) && !slices.ContainsFunc(proofs, func(p string) bool { return !o.shows(s, p, goal) })
	})
}

func first(p string) bool {
	return slices.Contains([]string{"mail_link", "recovery_code", "device", "contact", "contact*2", "passkey"}, p)
}

func (o oracle) tellable(w lint.Way, proofs []string) bool {
	mail := o.shape.Has("mail") && !slices.Contains(proofs, "mail_link") && !slices.Contains(proofs, "mail_code")
	phone := o.shape.Has("sms") && !slices.Contains(proofs, "sms_code")
	device := !o.shut && o.shape.Has("device") && !slices.Contains(proofs, "device")
	return w.Wait == 0 || o.shape.Has("push") || mail || phone || device
}

func (o oracle) shows(s attackState, proof string, goal lint.Goal) bool {
	switch proof {
	case "factor":
		return s.factor && (s.has("totp") || s.has("passkey"))
	case "totp", "passkey":
		return s.factor && s.has(proof)
	case "contact":
		return o.contacts >= 1 || s.has(proof)
	case "contact*2":
		return o.contacts >= 2 || s.has("contact")
	case "device":
		switch {
		case goal == lint.GoalSecondFactor:
			return s.session && s.has("password")
		case goal == lint.GoalPassword && !s.factor:
			return s.session
		}
		return s.session && o.strong(s)
	default:
		return s.has(proof)
	}
}

// begin is the state of somebody who holds the sources.
func (o *oracle) begin(sources []string) attackState {
	s := attackState{factor: o.shape.Has("totp") || o.shape.Has("passkey")}.with()
	for _, source := range sources {
		name, n, _ := strings.Cut(source, "*")
		switch name {
		case "memory":
			s = s.with("password")
			if o.shape.Has("pin") {
				s = s.with("pin")
			}
		case "mail":
			s = s.with("mail_link", "mail_code")
		case "sms":
			s = s.with("sms_code")
		case "passkey":
			s = s.with("passkey")
			if o.shape.Has("verified") {
				s = s.with("verified")
			}
		case "recovery_code":
			s = s.with("recovery_code", "sheet")
		case "device":
			s.session = true
		case "contact":
			o.contacts, _ = strconv.Atoi("0" + n)
			o.contacts = max(o.contacts, 1)
		default:
			s = s.with(name)
		}
	}
	return s
}

func drawTable(t *rapid.T) lint.Table {
	table := earlier(lint.Base())
	words := []string{"mail_link", "mail_code", "sms_code", "device", "password", "pin", "recovery_code", "factor", "totp", "contact", "contact*2"}
	if rapid.Bool().Draw(t, "passkeys") {
		words = append(words, "passkey")
	} else {
		table.Proofs = slices.DeleteFunc(table.Proofs, func(p lint.Proof) bool { return p.Name == "passkey" })
	}
	for _, goal := range lint.Goals() {
		for range rapid.IntRange(0, 3).Draw(t, string(goal)) {
			table.Ways[goal] = append(table.Ways[goal], drawWay(t, goal, words))
		}
	}
	return table
}

func drawWay(t *rapid.T, goal lint.Goal, words []string) lint.Way {
	return lint.Way{
		Proofs:        rapid.SliceOfNDistinct(rapid.SampledFrom(words), 1, 3, rapid.ID[string]).Draw(t, "proofs"),
		Wait:          rapid.SampledFrom([]time.Duration{0, 0, day}).Draw(t, "wait"),
		WithoutFactor: goal == lint.GoalPassword && rapid.Bool().Draw(t, "without factor"),
	}
}

func drawShape(t *rapid.T, table lint.Table) lint.Shape {
	words := []string{fmt.Sprintf("contact*%d", rapid.IntRange(0, 2).Draw(t, "contacts"))}
	draw := func(name string) bool {
		yes := rapid.Bool().Draw(t, name)
		if yes {
			words = append(words, name)
		}
		return yes
	}
	for _, name := range []string{"totp", "recovery_code", "mail", "sms", "push", "device", "pin"} {
		draw(name)
	}
	if passkeys(table) && draw("passkey") {
		draw("verified")
	}
	return lint.Having(words...)
}

// subsets lists every set of the shape's sources; contacts are alike.
func subsets(s lint.Shape) [][]string {
	out := [][]string{nil}
	add := func(has bool, names ...string) {
		for _, set := range slices.Clone(out) {
			for _, name := range names {
				if has {
					out = append(out, append(slices.Clone(set), name))
				}
			}
		}
	}
	add(true, "memory")
	for _, name := range []string{"totp", "passkey", "recovery_code", "mail", "sms", "device"} {
		add(s.Has(name), name)
	}
	add(s.Count("contact") == 1, "contact")
	add(s.Count("contact") == 2, "contact", "contact*2")
	return out
}

// within reports whether a set is contained in another.
func within(a, b []string) bool {
	return !slices.ContainsFunc(a, func(x string) bool {
		return !slices.Contains(b, x) && (x != "contact" || !slices.Contains(b, "contact*2"))
	})
}

func takesOver(list []lint.Takeover, set []string) bool {
	return slices.ContainsFunc(list, func(x lint.Takeover) bool { return within(x.Sources, set) })
}

// A set takes over exactly when it contains a minimal one: nothing too much,
// nothing missing, whatever the policy.
func TestExact(t *testing.T) {
	recoverytest.Alone(t)
	rapid.Check(t, func(t *rapid.T) {
		table := drawTable(t)
		s := drawShape(t, table)
		list := lint.Analyze(table, s).Sets
		for _, set := range subsets(s) {
			o := &oracle{table: table, shape: s}
			begin := o.begin(set)
			if got, want := takesOver(list, set), o.succeeds(begin); got != want {
				t.Fatalf("%s with %v: got %v, want %v; minimal sets: %s", s, set, got, want, sets(list))
			}
		}
		for i, x := range list {
			for j, y := range list {
				if i != j && within(x.Sources, y.Sources) {
					t.Fatalf("got %v beside %v, want minimal sets only", y.Sources, x.Sources)
				}
			}
		}
	})
}

// The default policy against the oracle, for every shape there is.
func TestExact_Default(t *testing.T) {
	recoverytest.Alone(t)
	table := earlier(defaults())
	for _, s := range lint.Shapes(table) {
		list := lint.Analyze(table, s).Sets
		for _, set := range subsets(s) {
			o := &oracle{table: table, shape: s}
			begin := o.begin(set)
			if got, want := takesOver(list, set), o.succeeds(begin); got != want {
				t.Fatalf("%s with %v: got %v, want %v; minimal sets: %s", s, set, got, want, sets(list))
			}
		}
	}
}
