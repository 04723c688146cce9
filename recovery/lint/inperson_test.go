package lint_test

import (
	"slices"
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

// Proofs of a later version have their sentence until they are in the table.
func TestLater(t *testing.T) {
	table := policy("password: mail_link passkey @Caddyfile:7\npassword: mail_link device")
	if found := lint.Check(table); slices.ContainsFunc(found, func(f lint.Finding) bool { return f.Severity == lint.Error }) {
		t.Fatalf("got %v, want nothing against words of the table", found)
	}
	table.Later = []string{"passkey", "device"}
	table.Proofs = slices.DeleteFunc(table.Proofs, func(p lint.Proof) bool { return slices.Contains(table.Later, p.Name) })
	err := lint.Refused(lint.Judge(table))
	for _, want := range []string{
		`Caddyfile:7: recover password: the way "mail_link passkey" asks for passkey, which is not available in this version; until it is, use one of totp`,
		`asks for device, which is not available in this version`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}
