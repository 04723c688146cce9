package lint

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// width is how many columns [Text] fills.
const width = 100

// Text writes the report for people: the findings, the ways, and for each
// account what signs in, which other sets take it over, those with the help of
// an authority, what things are worth stealing, and how its owner gets back in.
// The default policy takes at most 55 lines.
func Text(w io.Writer, r Report) error {
	p := &paper{Writer: bufio.NewWriter(w)}
	p.head(r)
	p.ways(r.Table)
	for _, a := range r.Accounts {
		p.account(a)
	}
	return p.Flush()
}

// paper writes wrapped lines. Its buffer keeps the first error.
type paper struct{ *bufio.Writer }

// row writes a heading and items after it, wrapped below the first item;
// nothing when there are none.
func (p *paper) row(heading string, column int, sep string, items ...string) {
	if len(items) == 0 {
		return
	}
	line := heading + strings.Repeat(" ", max(0, column-utf8.RuneCountInString(heading)))
	start := true
	for i, item := range items {
		if i < len(items)-1 {
			item += sep
		}
		if !start && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(item) > width {
			fmt.Fprintln(p, line)
			line, start = strings.Repeat(" ", column), true
		}
		if !start {
			line += " "
		}
		line, start = line+item, false
	}
	fmt.Fprintln(p, line)
}

// prose is a row that wraps between any two words.
func (p *paper) prose(heading string, column int, text string) {
	p.row(heading, column, "", strings.Fields(text)...)
}

func (p *paper) head(r Report) {
	ways := 0
	for _, list := range r.Table.Ways {
		ways += len(list)
	}
	p.prose("", 0, fmt.Sprintf("%d ways, %d kinds of account: %s", ways, r.Judged, verdict(r.Findings)))
	for _, f := range r.Findings {
		p.finding(f)
	}
}

// finding writes lines to paste as they are, however long.
func (p *paper) finding(f Finding) {
	p.prose(string(f.Severity), column-1, f.sentence())
	for _, x := range f.Fixes {
		p.prose("", column-1, x.head())
		for _, line := range x.Write {
			fmt.Fprintln(p, strings.Repeat(" ", column+3)+line)
		}
	}
}

// verdict is the headline. A way that is accepted stays a weaker one.
func verdict(findings []Finding) string {
	has := func(match func(Finding) bool) bool { return slices.ContainsFunc(findings, match) }
	switch {
	case has(func(f Finding) bool { return f.Key == KeyWeaker && f.Severity == Error }):
		return "ways back are weaker than the login they replace"
	case has(Finding.Accepted):
		return "weak_ok accepts ways back that are weaker than the login they replace"
	}
	return "no way back is weaker than the login it replaces"
}

func (p *paper) ways(t Table) {
	if len(t.FactorFor) > 0 {
		p.row("factor required", 21, ",", t.required()...)
	}
	if t.KnownDevice {
		p.row("new browser", 21, "", "needs a known one, or where there is none a mail code or recovery code beside the factor")
	}
	for _, goal := range Goals() {
		for _, without := range []bool{false, true} {
			var list []string
			for _, w := range t.Ways[goal] {
				if w.WithoutFactor == without {
					list = append(list, w.title())
				}
			}
			name := strings.ReplaceAll(string(goal), "_", " ")
			if without {
				name += ", no factor"
			}
			p.row(name, 21, " |", list...)
		}
	}
}

// required are the groups whose members must have a second factor.
func (t Table) required() []string {
	groups := slices.DeleteFunc(slices.Clone(t.FactorFor), func(g string) bool { return g == "admins" })
	return append([]string{"admins"}, groups...)
}

// title is a way as explain writes it.
func (w Way) title() string {
	s := strings.Join(w.Proofs, " + ")
	if w.Wait > 0 {
		s += " (" + Delay(w.Wait).String() + ")"
	}
	if w.WeakOK {
		s += " (weak_ok)"
	}
	return s
}

// column is where the text of an account begins.
const column = 10

func (p *paper) account(a Account) {
	p.prose("", 0, "With "+a.Shape.String())
	var login, other, helped []string
	for _, x := range a.Sets {
		if x.Direct {
			login = append(login, x.String())
		} else {
			other = append(other, x.title())
		}
	}
	if len(login) == 0 {
		login = []string{"nobody"}
	}
	login[len(login)-1] += fmt.Sprintf(" (%s, %d in all)", owned(a.Login.Held), a.Login.Count)
	for _, x := range a.Helped {
		helped = append(helped, x.title())
	}
	p.row("  login", column, " |", login...)
	p.row("  others", column, " |", other...)
	p.row("  helped", column, " |", helped...)
	p.prose("  stolen", column, strings.Join(risks(a.Warnings), " | "))
	p.prose("  lost", column, strings.Join(losses(a.Losses), " | "))
}

// title is a set with what is special about it.
func (x Takeover) title() string {
	s := x.String()
	switch {
	case x.Delay > 0 && x.Stoppable:
		s += " (" + x.Delay.String() + ", stoppable)"
	case x.Delay > 0:
		s += " (" + x.Delay.String() + ")"
	}
	if x.Weaker {
		s += " WEAKER"
	}
	return s
}

// risks are sentences, one for all objects that have the same consequence.
func risks(list []Risk) []string {
	return grouped(len(list), func(i int) (string, string) {
		r := list[i]
		after := "enough"
		if r.Delay > 0 {
			after += " after " + r.Delay.String()
		}
		if r.Stoppable {
			after += " unless stopped"
		}
		return strings.Join(r.Objects, " + "), ": " + after + mends(r.Mends)
	})
}

// losses are sentences, one for all things whose loss has the same consequence.
func losses(list []Loss) []string {
	return grouped(len(list), func(i int) (string, string) {
		switch l := list[i]; {
		case len(l.With) > 0:
			return l.Object, ": back in with " + strings.Join(l.With, " + ") + l.things()
		case l.SignsIn:
			return l.Object, ": can still sign in" + l.things()
		case l.LockedOut:
			return l.Object, ": you would be locked out" + l.things() + mends(l.Mends)
		case l.Alone:
			return l.Object, ": back in" + l.by() + l.things()
		default:
			return l.Object, ": only with help" + l.by() + l.things() + mends(l.Mends)
		}
	})
}

// things says what becomes of a proof that is on the object.
func (l Loss) things() string {
	switch {
	case len(l.Spared) > 0:
		return " (" + strings.Join(l.Spared, ", ") + " synced: the next one has it)"
	case len(l.Gone) > 0:
		return " (" + strings.Join(l.Gone, ", ") + " gone with it)"
	}
	return ""
}

// by names the first way that can be walked.
func (l Loss) by() string {
	for _, w := range l.Goals {
		if w.Help == !l.Alone {
			return " by " + strings.ReplaceAll(w.Way.Name, " ", " + ")
		}
	}
	return " by several ways in a row"
}

// mends names the first, which is enough; [JSON] has all.
func mends(list []Mend) string {
	if len(list) == 0 {
		return ""
	}
	return "; " + list[0].Text
}

// grouped joins the subjects that have the same rest, in order of appearance.
func grouped(n int, item func(int) (subject, rest string)) []string {
	var rests []string
	subjects := map[string][]string{}
	for i := range n {
		subject, rest := item(i)
		if subjects[rest] == nil {
			rests = append(rests, rest)
		}
		subjects[rest] = append(subjects[rest], subject)
	}
	var out []string
	for _, rest := range rests {
		out = append(out, strings.Join(subjects[rest], ", ")+rest)
	}
	return out
}
