package lint_test

import (
	"slices"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/lint"
)

// TestANewFactorIsARow: a factor that nobody has heard of is weighed, lost,
// found and recommended by its row in the table alone.
func TestANewFactorIsARow(t *testing.T) {
	table := lint.Base()
	table.Ways[lint.GoalBoth] = []lint.Way{{Proofs: []string{"recovery_code", "mail_link"}}}
	table.Proofs = append(table.Proofs, lint.Proof{
		Name: "token", Source: "token", Class: lint.ClassHeld, Factor: true, On: []string{lint.ObjectPhone}, In: []string{lint.ObjectPhone},
	})
	s := lint.Having("mail", "recovery_code", "token")
	if got, want := s.String(), "password, codes, mail, token"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !slices.Contains(lint.Shapes(table), s) {
		t.Error("no policy is judged for an account with it")
	}
	if got := lint.Analyze(table, s).Login; got.Held != 1 || got.Count != 2 {
		t.Errorf("got a login of %+v, want two sources, one of them held", got)
	}
	i := slices.IndexFunc(lint.Forecast(table, s), func(l lint.Loss) bool { return l.Object == "phone" })
	if i < 0 || !lint.Forecast(table, s)[i].Alone {
		t.Errorf("got %+v, want a lost phone that codes and mail make good", lint.Forecast(table, s))
	}
	found := func(r lint.Risk) bool { return slices.Equal(r.Objects, []string{"unlocked phone", "leaked password"}) }
	if slices.ContainsFunc(lint.Warnings(table, s), found) {
		t.Error("phone and password are an ordinary login, not a risk")
	}
	plain := lint.Having("mail")
	table.Ways[lint.GoalPassword] = []lint.Way{{Proofs: []string{"mail_link"}, WithoutFactor: true}}
	if !slices.ContainsFunc(lint.Warnings(table, plain), func(r lint.Risk) bool {
		return slices.ContainsFunc(r.Mends, func(m lint.Mend) bool { return m.Key == "add_token" })
	}) {
		t.Errorf("got %+v, want it recommended to who has no factor", lint.Warnings(table, plain))
	}
}
