package lint

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrRefused is the sentinel in the error of [Refused].
var ErrRefused = errors.New("recovery ways refused")

// Account is all there is to say about accounts of one shape.
type Account struct {
	Result
	Warnings []Risk `json:"warnings"`
	Losses   []Loss `json:"losses"`
}

// Report is what explain shows.
type Report struct {
	Table    Table     `json:"-"`
	Judged   int       `json:"judged"`   // how many shapes of account were looked at
	Findings []Finding `json:"findings"` // see [Judge]
	Accounts []Account `json:"accounts"` // the shapes asked for
}

// Judge returns everything there is to say about the policy: [Check], and the
// ways that make some account easier to take over than to sign in to. A way is
// named once, with the simplest account and set it was seen on. It looks again
// without what was written and is refused, which may have hidden other ways.
// Each error has the lines to write, as far as there are any.
func Judge(t Table) []Finding {
	out := append(Check(t), weaker(t)...)
	for more := out; len(more) > 0; out = append(out, more...) {
		more = t.hidden(out)
	}
	slices.SortStableFunc(out, func(a, b Finding) int { return cmp.Compare(weight(a.Severity), weight(b.Severity)) })
	advise(t, out)
	return out
}

// weaker looks at all accounts.
func weaker(t Table) []Finding {
	var out []Finding
	seen := map[string]int{}
	for _, s := range Shapes(t) {
		for _, f := range compile(t, s).judge() {
			key := fmt.Sprint(f.Severity, f.Goal, f.Ways, f.Lines)
			i, known := seen[key]
			if !known {
				seen[key] = len(out)
				out = append(out, f)
			} else if simpler(f, out[i]) {
				out[i] = f
			}
		}
	}
	return out
}

// hidden are the errors that appear once the ways refused so far are taken out.
func (t Table) hidden(found []Finding) []Finding {
	gone := map[wayRef][]Way{}
	for _, f := range found {
		for _, ref := range f.refs {
			if f.Severity == Error && t.way(ref).Line != "" {
				gone[ref] = nil
			}
		}
	}
	if len(gone) == 0 {
		return nil
	}
	var out []Finding
	for _, f := range weaker(t.replaced(gone)) {
		if f.refs = t.located(f.refs, gone); f.Severity == Error && len(f.refs) > 0 {
			out = append(out, f)
		}
	}
	return out
}

// located are the numbers that the refs of a table without some ways have here.
// Defaults are left out.
func (t Table) located(refs []wayRef, gone map[wayRef][]Way) []wayRef {
	var out []wayRef
	for _, ref := range refs {
		i := 0
		for n, w := range t.Ways[ref.goal] {
			here := wayRef{ref.goal, n + 1}
			if _, taken := gone[here]; taken {
				continue
			}
			if i++; i == ref.i && w.Line != "" {
				out = append(out, here)
			}
		}
	}
	return out
}

// simpler reports whether a finding is the better example of the two.
func simpler(a, b Finding) bool {
	return cmp.Or(cmp.Compare(len(a.Set), len(b.Set)), cmp.Compare(a.Shape.size(), b.Shape.size())) < 0
}

// weight puts errors first.
func weight(s Severity) int { return slices.Index([]Severity{Error, Warning, Note}, s) }

// Refused is nil when no finding is an error. Otherwise it wraps [ErrRefused]
// and tells each, beginning with where the way was written. Beside errors it
// tells who has no way, so that what is written next needs no other try.
func Refused(findings []Finding) error {
	var lines []string
	for _, f := range findings {
		if f.Severity == Error || f.Key == KeyNoWay && len(lines) > 0 {
			lines = append(lines, f.String())
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrRefused, strings.Join(lines, "\n"))
}

// Explain judges the policy and describes accounts of the shapes given, or of
// [Standard].
func Explain(t Table, shapes ...Shape) Report {
	if len(shapes) == 0 {
		shapes = slices.DeleteFunc(Standard(), func(s Shape) bool { return !t.possible(s) || !t.allows(s) })
	}
	r := Report{Table: t, Judged: len(Shapes(t)), Findings: Judge(t)}
	for _, s := range shapes {
		r.Accounts = append(r.Accounts, Account{Result: Analyze(t, s), Warnings: Warnings(t, s), Losses: Forecast(t, s)})
	}
	return r
}
