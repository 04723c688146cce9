package lint_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/lint"
)

// told writes findings for comparison: severity, key and lines. Who has no way is
// a test of its own: policies here are about few accounts.
func told(list []lint.Finding) string {
	var out []string
	for _, f := range list {
		if f.Key == lint.KeyNoWay {
			continue
		}
		out = append(out, string(f.Severity)+" "+f.Key+" "+strings.Join(f.Lines, ","))
	}
	return strings.TrimSpace(strings.Join(out, "; "))
}

func TestJudge_Weaker(t *testing.T) {
	for _, tc := range []struct {
		name, policy, want string
	}{
		{"mailbox for the factor", "password: mail_link factor\nsecond_factor: mail_link @C:2\nboth: rescue", "error weaker C:2"},
		{"accepted", "second_factor: mail_link weak_ok @C:1", "note weaker C:1"},
		{"each is too weak", "second_factor: mail_link password @C:1\nboth: mail_link @C:2", "error weaker C:2; error weaker C:1"},
		{"one accepted, the other not", "second_factor: mail_link password weak_ok @C:1\nboth: mail_link @C:2", "error weaker C:2; note weaker C:1"},
		{"what an accepted one covers", "second_factor: mail_link password @C:1\nboth: mail_link weak_ok @C:2", "error weaker C:1; note weaker C:2"},
		{"one after the other is the same", "second_factor: password mail_code @C:1\nsecond_factor: password mail_link @C:2", "error weaker C:1; error weaker C:2"},
		{"the waiting one is not to blame", "second_factor: mail_link password wait 24h @C:1\nsecond_factor: password mail_code @C:2", "error weaker C:2"},
		{"only together, after the ban", "password: mail_link @C:1\nsecond_factor: mail_link password sms_code @C:2\nboth: rescue", "error weaker C:1,C:2"},
		{"together, one accepted", "password: mail_link weak_ok @C:1\nsecond_factor: mail_link password sms_code @C:2\nboth: rescue", "error weaker C:2"},
		{"together, both accepted", "password: mail_link weak_ok @C:1\nsecond_factor: mail_link password sms_code weak_ok @C:2\nboth: rescue", "note weaker C:1,C:2"},
		{"short wait", "second_factor: mail_link password wait 1h @C:1", "error weaker C:1"},
		{"long wait", "second_factor: mail_link password wait 24h @C:1", ""},
		{"codes alone for both", "both: recovery_code @C:1", "error weaker C:1"},
		{"codes and mailbox", "both: recovery_code mail_link @C:1", ""},
		{"nothing is weaker than a password", "password: mail_link without_factor @C:1\npassword: recovery_code without_factor @C:2", ""},
		{"authority is not compared", "both: rescue @C:1\nboth: admin @C:2", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			findings := lint.Judge(policy(tc.policy))
			if got := told(findings); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			err := lint.Refused(findings)
			if got, want := errors.Is(err, lint.ErrRefused), strings.HasPrefix(tc.want, "error"); got != want {
				t.Errorf("got error %v, want one: %v", err, want)
			}
			if line, _, _ := strings.Cut(strings.TrimPrefix(tc.want, "error weaker "), ";"); err != nil && !strings.Contains(err.Error(), strings.ReplaceAll(line, ",", ", ")+": recover ") {
				t.Errorf("got %v, want the line %s named", err, line)
			}
		})
	}
}

// The example of a finding is the simplest account.
func TestJudge_Example(t *testing.T) {
	findings := lint.Judge(policy("second_factor: mail_link password @C:3"))
	if len(findings) != 1 {
		t.Fatalf("got %v, want one finding", findings)
	}
	f := findings[0]
	if !slices.Equal(f.Set, []string{"memory", "mail"}) || *f.Shape != shape("totp mail") {
		t.Errorf("got %v on %s, want memory and mail on a password, an authenticator and mail", f.Set, f.Shape)
	}
	want := `C:3: recover second_factor: the way "mail_link password" lets whoever holds password + mailbox take over ` +
		`an account that signs in with password + authenticator (that counts as nothing that only its owner has, a login takes 1 such thing); `
	if got := f.String(); !strings.HasPrefix(got, want) {
		t.Errorf("got  %s\nwant %s...", got, want)
	}
}

// A set that needs no way is the fault of the rules, and is not passed over.
func TestJudge_NoWayNeeded(t *testing.T) {
	table := lint.Base()
	table.Changes[4].NoFactorOnly = false
	findings := lint.Judge(table)
	if got := told(findings); !strings.HasPrefix(got, "error weaker") || lint.Refused(findings) == nil {
		t.Errorf("anybody with the password may enrol a factor: got %s, want an error", got)
	}
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		name     string
		policy   string
		channels string
		want     string
	}{
		{"nothing", "", "mail sms", ""},
		{"no proofs", "password: @C:1", "mail sms", "error empty C:1"},
		{"unknown proof", "password: telepathy @C:1", "mail sms", "error unknown_proof C:1"},
		{"unknown proof of a default", "password: telepathy", "mail sms", "error unknown_proof"},
		{"no such count", "both: contact*x mail_link @C:1", "mail sms", "error unknown_proof C:1"},
		{"count of what there is one of", "both: mail_link*2 @C:1", "mail sms", "error unknown_proof C:1"},
		{"two contacts", "both: contact*2 mail_link @C:1", "mail sms", ""},
		{"unknown goal", "everything: rescue @C:1", "mail sms", "error goal"},
		{"twice", "both: contact mail_link @C:1\nboth: mail_link contact @C:2", "mail sms", "error duplicate C:2"},
		{"twice, for different accounts", "password: mail_link @C:1\npassword: mail_link without_factor @C:2", "mail sms", ""},
		{"nothing sends mail", "password: mail_link factor @C:1", "sms", "error not_set_up C:1; error cannot_begin C:1"},
		{"nothing sends mail, a default", "password: mail_link factor", "sms", "note not_set_up ; note cannot_begin"},
		{"no gateway", "second_factor: mail_link password sms_code @C:1", "mail", "error not_set_up C:1; warning sms_always C:1"},
		{"nothing to begin with", "second_factor: password factor @C:1", "mail sms", "error cannot_begin C:1"},
		{"begun by another", "second_factor: password factor @C:1\npassword: recovery_code factor", "mail sms", ""},
		{"six digits by mail", "password: mail_code without_factor @C:1\nboth: rescue", "mail sms", "error six_digits C:1"},
		{"six digits by SMS", "password: sms_code without_factor @C:1\nboth: rescue", "mail sms", "error six_digits C:1"},
		{"six digits and a question", "password: mail_code question without_factor @C:1\nboth: rescue", "mail sms", "error six_digits C:1"},
		{"twice six digits", "second_factor: mail_code sms_code @C:1\nboth: rescue", "mail sms", "error six_digits C:1"},
		{"six digits and a factor", "password: sms_code factor @C:1\nboth: rescue", "mail sms", ""},
		{"pin alone", "password: pin @C:1\nboth: rescue", "mail sms", "error extra C:1"},
		{"pin and question", "password: pin question without_factor @C:1\nboth: rescue", "mail sms", "error extra C:1"},
		{"question as the only addition", "second_factor: mail_link question @C:1", "mail sms", "error extra C:1"},
		{"question as an addition", "second_factor: mail_link password question @C:1", "mail sms", ""},
		{"question to a mailbox, no factor", "password: mail_link question without_factor @C:1", "mail sms", ""},
		{"SMS only", "password: sms_code without_factor @C:1", "mail sms", "error cannot_begin C:1; error six_digits C:1; error sms_only C:1"},
		{"SMS in every way", "second_factor: mail_link sms_code @C:1\nsecond_factor: recovery_code sms_code @C:2", "mail sms", "warning sms_always C:1,C:2"},
		{"SMS in one", "second_factor: mail_link sms_code @C:1\nboth: recovery_code mail_link @C:2", "mail sms", ""},
		{"one mailbox twice", "second_factor: mail_link mail_code password @C:1", "mail sms", "warning same_source C:1"},
		{"wait with nobody to tell", "both: mail_link device wait 24h @C:1", "mail", "error no_notice C:1"},
		{"wait told by push", "both: mail_link device wait 24h @C:1", "mail push", ""},
		{"wait told on a known device", "second_factor: mail_link password wait 24h @C:1", "mail", ""},
		{"no factor to lose", "second_factor: mail_link password without_factor @C:1", "mail sms", "error without_factor C:1"},
		{"wait backwards", "both: recovery_code mail_link wait -1h @C:1", "mail sms", "error wait C:1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table := policy(tc.policy)
			table.Channels = strings.Fields(tc.channels)
			if got := told(lint.Check(table)); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// What is wrong in a policy that cannot be judged must not stop the judging.
func TestJudge_Broken(t *testing.T) {
	for _, tc := range []struct {
		name  string
		table lint.Table
	}{
		{"zero", lint.Table{}},
		{"no proofs", lint.Table{Ways: defaults().Ways, Login: lint.Base().Login}},
		{"no login", lint.Table{Ways: defaults().Ways, Proofs: lint.Base().Proofs}},
		{"words that are none", policy("password: contact*9 contact*0 * *2 strong no_factor without_factor\nboth: contact*2 contact")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := lint.Explain(tc.table)
			var out strings.Builder
			for _, write := range []func() error{
				func() error { return lint.Text(&out, r) },
				func() error { return lint.JSON(&out, r) },
				func() error { return lint.Dot(&out, r) },
				func() error { return lint.SVG(&out, r) },
			} {
				if err := write(); err != nil {
					t.Errorf("got error %v, want none", err)
				}
			}
		})
	}
}

func TestDelay(t *testing.T) {
	for _, tc := range []struct {
		name string
		d    time.Duration
		want string
	}{
		{"none", 0, "0s"},
		{"a day", 24 * time.Hour, "24h"},
		{"three", 72 * time.Hour, "72h"},
		{"half an hour more", 90 * time.Minute, "1h30m0s"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := lint.Delay(tc.d).String(); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
