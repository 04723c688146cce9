package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/lint"
)

// What opens a closed account is among the rows: the ways for both with their
// waits, a case where no way for both has one, and the rescue.
func TestClosedAccounts(t *testing.T) {
	for _, tc := range []struct {
		name, policy, shape, sets, helped string
	}{
		{"no way for both: a case with mailbox and a day, or the rescue", "", "totp mail phone admin rescue", "memory+totp", "mail+admin@24h rescue"},
		{"nobody hears of the day", "", "totp mail device admin", "memory+totp totp+device", ""},
		{"a case of the policy is the only one", "both: admin mail_link wait 48h", "totp mail phone admin", "memory+totp", "mail+admin@48h"},
		{"without a factor the case is enough", "", "mail admin", "memory", "admin"},
		{"ways for both open it, though none is for the password", "both: recovery_code", "codes", "memory recovery_code", ""},
		{"a wait is not lost by closing", "both: recovery_code mail_link wait 24h", "totp codes mail phone", "memory+recovery_code memory+totp recovery_code+mail@24h", ""},
		{"no device approves, and none shows a wait", "both: device mail_code", "mail device", "memory", ""},
		{"a recovered password counts after the ban", "password: mail_link without_factor\nboth: mail_link password", "mail", "mail memory", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := lint.Analyze(policy(tc.policy), shape(tc.shape))
			if got := sets(r.Sets); got != tc.sets {
				t.Errorf("sets: got %s, want %s", got, tc.sets)
			}
			if got := sets(r.Helped); got != tc.helped {
				t.Errorf("with an authority: got %s, want %s", got, tc.helped)
			}
		})
	}
}

// Without mail the case is handed over.
func TestClosedAccounts_NoMail(t *testing.T) {
	table := lint.Base()
	table.Channels = []string{"sms"}
	r := lint.Analyze(table, lint.Having("totp", "sms", "admin_in_person"))
	if got, want := sets(r.Helped), "admin_in_person@24h"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// Nobody is warned of accounts that there cannot be.
func TestShapes_OnlyWhatCanBe(t *testing.T) {
	table := earlier(defaults())
	table.Channels = []string{"mail"}
	table.Proofs = slices.DeleteFunc(table.Proofs, func(p lint.Proof) bool { return p.Name == "passkey" })
	for _, s := range lint.Shapes(table) {
		if s.Has(lint.SourcePasskey) || s.Has(lint.SourceSMS) || s.Has(lint.TraitPush) {
			t.Errorf("got %s, want no passkey, number or push", s)
		}
	}
	if got := len(lint.Shapes(table)); got != 2*2*2*2*2 {
		t.Errorf("got %d shapes, want one for each choice of factor, codes, mail, device and contacts", got)
	}
}

// A headline that says all is well says so of ways that are, not of ways that
// somebody accepts.
func TestHeadlineTellsOfWeakOK(t *testing.T) {
	for _, tc := range []struct{ policy, want string }{
		{"both: rescue", "no way back is weaker than the login it replaces"},
		{"both: mail_link weak_ok", "weak_ok accepts ways back that are weaker than the login they replace"},
		{"both: mail_link", "ways back are weaker than the login they replace"},
		{"both: mail_link weak_ok\nsecond_factor: sms_code", "ways back are weaker than the login they replace"},
	} {
		var out strings.Builder
		if err := lint.Text(&out, lint.Explain(policy(tc.policy))); err != nil {
			t.Fatal(err)
		}
		headline, _, _ := strings.Cut(out.String(), "\n")
		if !strings.HasSuffix(headline, ": "+tc.want) {
			t.Errorf("%s: got %q, want %q", tc.policy, headline, tc.want)
		}
	}
}
