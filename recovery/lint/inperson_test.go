package lint_test

import (
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/lint"
)

// A way that is read as another is named with what was written, if it was.
func TestInPersonIsTold(t *testing.T) {
	for _, tc := range []struct{ name, line, want string }{
		{"written", "Caddyfile:4", `Caddyfile:4: recover second_factor: the way "password admin_in_person" stands for "password admin": nothing sends mail`},
		{"a default", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table := policy("second_factor: password admin_in_person")
			w := &table.Ways[lint.GoalSecondFactor][0]
			w.Written, w.Line = []string{"password", "admin"}, tc.line
			got := ""
			for _, f := range lint.Check(table) {
				if f.Key == lint.KeyInPerson && f.Severity == lint.Warning {
					got = f.String()
				}
			}
			if got == "" != (tc.want == "") || !strings.HasPrefix(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// For an account that is an administrator's every way with a code in person
// waits a day, and is not there when nobody would hear of it.
func TestInPersonForAnAdministrator(t *testing.T) {
	table := policy("second_factor: password admin_in_person")
	for _, tc := range []struct {
		name  string
		shape lint.Shape
		want  string
	}{
		{"not one", lint.Having("totp", "admin_in_person"), "0s"},
		{"told by phone", lint.Having("totp", "admin_in_person", "sms", "manages"), "24h"},
		{"told by nothing", lint.Having("totp", "admin_in_person", "manages"), "never"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := "never"
			for _, x := range lint.Analyze(table, tc.shape).Helped {
				got = x.Delay.String()
			}
			if got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
