package lint

import (
	"fmt"
	"slices"
	"strings"
)

// kind is a kind of account that a block may have no way for.
type kind struct {
	factor string // its only second factor: a proof, [WordFactor] for any, or none
	text   string
}

// kinds lists them: without a second factor, and with each alone.
func (t Table) kinds(goal Goal) []kind {
	var out []kind
	if goal == GoalPassword {
		out = append(out, kind{"", "without a second factor"})
	}
	for _, p := range t.Proofs {
		if p.Factor {
			out = append(out, kind{p.Name, "whose second factor is " + label(p.Source)})
		}
	}
	return out
}

// serves reports whether accounts of the kind can walk a way of the goal.
func (t Table) serves(w Way, goal Goal, k kind) bool {
	if goal == GoalPassword && w.WithoutFactor != (k.factor == "") {
		return false
	}
	return !slices.ContainsFunc(w.Proofs, func(name string) bool {
		p, _ := t.proof(name)
		return name == WordFactor && k.factor == "" || p.Factor && name != k.factor
	})
}

// without lists the kinds of account that the block of a goal has no way for.
func (t Table) without(goal Goal) []kind {
	missing := slices.DeleteFunc(t.kinds(goal), func(k kind) bool {
		return slices.ContainsFunc(t.Ways[goal], func(w Way) bool { return t.serves(w, goal, k) })
	})
	with := slices.DeleteFunc(slices.Clone(missing), func(k kind) bool { return k.factor == "" })
	if all := slices.DeleteFunc(t.kinds(goal), func(k kind) bool { return k.factor == "" }); len(with) == 0 || len(with) < len(all) {
		return missing
	}
	missing = slices.DeleteFunc(missing, func(k kind) bool { return k.factor != "" })
	return append(missing, kind{WordFactor, "with a second factor"})
}

// checkKinds reports the accounts for which a block that the operator wrote has
// no way. A goal that is switched off has no block.
func (t Table) checkKinds(goal Goal) []Finding {
	last := t.lastWritten(goal)
	if last == 0 {
		return nil
	}
	var out []Finding
	for _, k := range t.without(goal) {
		left := "they cannot get it back"
		if goal != GoalBoth && slices.ContainsFunc(t.Ways[GoalBoth], func(w Way) bool { return t.serves(w, GoalBoth, k) }) {
			left = "they have only the ways of recover both"
		}
		out = append(out, Finding{
			Key: KeyNoWay, Severity: Warning, Goal: goal, Lines: []string{t.Ways[goal][last-1].Line}, refs: []wayRef{{goal, last}},
			Text: fmt.Sprintf("recover %s: no way is for accounts %s: %s", goal, k.text, left), Remedy: "add one",
		})
	}
	return out
}

// lastWritten is the number of the last way that has a line, counted from 1.
func (t Table) lastWritten(goal Goal) int {
	for i := len(t.Ways[goal]); i > 0; i-- {
		if t.Ways[goal][i-1].Line != "" {
			return i
		}
	}
	return 0
}

// fitting are the ways to try for accounts that have none: those of the block
// made to fit, then what the default policy has.
func (t Table) fitting(goal Goal, k kind) []Way {
	var out []Way
	for _, w := range t.Ways[goal] {
		out = append(out, t.fitted(w, k))
	}
	var common []string
	switch {
	case k.factor == "":
		common = []string{"mail_link", proofCodes, proofAdmin}
	case goal == GoalPassword:
		common = []string{"mail_link factor", "recovery_code mail_link", "admin factor"}
	case goal == GoalSecondFactor:
		common = []string{"password recovery_code", "password admin"}
	default:
		common = []string{"recovery_code mail_link", "rescue"}
	}
	for _, words := range common {
		out = append(out, Way{Proofs: strings.Fields(words), WithoutFactor: k.factor == ""})
	}
	return out
}

// fitted is a way with the second factor of the kind in place of its own.
func (t Table) fitted(w Way, k kind) Way {
	out := Way{Wait: w.Wait, WithoutFactor: k.factor == ""}
	for _, name := range w.Proofs {
		if p, _ := t.proof(name); p.Factor || name == WordFactor {
			name = k.factor
		}
		if name != "" && !t.rests(out, name) {
			out.Proofs = append(out.Proofs, name)
		}
	}
	return out
}
