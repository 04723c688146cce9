package lint_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func TestMonotone(t *testing.T) {
	recoverytest.Alone(t)
	rapid.Check(t, func(t *rapid.T) {
		table := drawTable(t)
		s := drawShape(t, table)
		before := lint.Analyze(table, s).Sets
		goal := rapid.SampledFrom(lint.Goals()).Draw(t, "goal")
		table.Ways[goal] = append(slices.Clone(table.Ways[goal]), drawWay(t, goal, []string{"mail_link", "password", "sms_code", "device", "factor"}))
		after := lint.Analyze(table, s).Sets
		for _, x := range before {
			i := slices.IndexFunc(after, func(y lint.Takeover) bool { return within(y.Sources, x.Sources) })
			if i < 0 {
				t.Fatalf("one more way: got %s, want %v still within", sets(after), x.Sources)
			}
			if slices.Equal(after[i].Sources, x.Sources) && (after[i].Delay > x.Delay || after[i].Held > x.Held || x.Weaker && !after[i].Weaker) {
				t.Fatalf("one more way: got %+v, want nothing better than %+v", after[i], x)
			}
		}
	})
}

// Accepting ways changes what is said of them, not what they do.
func TestWeakOK(t *testing.T) {
	recoverytest.Alone(t)
	rapid.Check(t, func(t *rapid.T) {
		table := drawTable(t)
		s := drawShape(t, table)
		before := lint.Analyze(table, s)
		for goal, ways := range table.Ways {
			ways = slices.Clone(ways)
			for i := range ways {
				ways[i].WeakOK = true
			}
			table.Ways[goal] = ways
		}
		after := lint.Analyze(table, s)
		if got, want := sets(after.Sets), sets(before.Sets); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		if err := lint.Refused(after.Findings); err != nil {
			t.Fatalf("all accepted: got %v", err)
		}
		weak := slices.ContainsFunc(before.Sets, func(x lint.Takeover) bool { return x.Weaker })
		if got := lint.Refused(before.Findings) != nil; got != weak {
			t.Fatalf("a weaker set among %s: got an error %v, want %v", sets(before.Sets), got, weak)
		}
	})
}

// Taking away what is blamed makes the policy clean: all faults are told at once.
func TestBlameIsEnough(t *testing.T) {
	recoverytest.Alone(t)
	rapid.Check(t, func(t *rapid.T) {
		table := drawTable(t)
		s := drawShape(t, table)
		for goal, ways := range table.Ways {
			for i := range ways {
				ways[i].Line = fmt.Sprintf("%s-%d", goal, i)
			}
		}
		var blamed []string
		for _, f := range lint.Analyze(table, s).Findings {
			if len(f.Lines) == 0 {
				t.Fatalf("got %s, want lines", f)
			}
			blamed = append(blamed, f.Lines...)
		}
		for goal, ways := range table.Ways {
			table.Ways[goal] = slices.DeleteFunc(slices.Clone(ways), func(w lint.Way) bool { return slices.Contains(blamed, w.Line) })
		}
		if left := lint.Analyze(table, s); len(left.Findings) > 0 {
			t.Fatalf("without %v: got %v, want nothing", blamed, left.Findings)
		}
	})
}
