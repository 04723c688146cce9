package recovery_test

import (
	"slices"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

func everything(string) bool { return true }

func shown(methods ...string) []recovery.Proof {
	var out []recovery.Proof
	for _, m := range methods {
		out = append(out, recovery.Proof{Method: m, At: noon})
	}
	return out
}

func confirmed(methods ...string) map[string]recovery.Pending {
	out := map[string]recovery.Pending{}
	for _, m := range methods {
		out[m] = recovery.Pending{Confirmed: true}
	}
	return out
}

// nextStep is what a flow has so far, and what it asks next.
type nextStep struct {
	name    string
	flow    recovery.Flow
	account *recovery.Account
	device  *recovery.Device
	page    string
	method  string
	done    bool
}

func nextOfSignIn() []nextStep {
	full := recoverytest.Account(recovery.Password, recovery.TOTP, recovery.RecoveryCode)
	plain := recoverytest.Account(recovery.Password)
	bare := recoverytest.Account(recovery.Password)
	bare.Addresses = nil
	broken := recoverytest.Account(recovery.Password)
	broken.SecondFactor = true
	return []nextStep{
		{"nobody named yet", recovery.Flow{Kind: recovery.KindLogin}, nil, nil, "sign-in", "password", false},
		{"named only", recovery.Flow{Kind: recovery.KindLogin}, full, nil, "sign-in", "password", false},
		{"password shown", recovery.Flow{Kind: recovery.KindLogin, Proofs: shown("password")}, full, nil, "factor", "totp", false},
		{"another way picked", recovery.Flow{Kind: recovery.KindLogin, Proofs: shown("password"), Picked: "recovery_code"}, full, nil, "factor", "recovery_code", false},
		{"a way picked that is none", recovery.Flow{Kind: recovery.KindLogin, Proofs: shown("password"), Picked: "sms_code"}, full, nil, "factor", "totp", false},
		{"both factors shown", recovery.Flow{Kind: recovery.KindLogin, Proofs: shown("password", "totp")}, full, nil, "", "", true},
		{"recovery code for the second", recovery.Flow{Kind: recovery.KindLogin, Proofs: shown("password", "recovery_code")}, full, nil, "", "", true},
		{"the second alone", recovery.Flow{Kind: recovery.KindLogin, Proofs: shown("totp")}, full, nil, "sign-in", "password", false},
		{"a mailed code is no second factor", recovery.Flow{Kind: recovery.KindLogin, Proofs: shown("password", "mail_code")}, full, nil, "factor", "totp", false},
		{"trusted browser", recovery.Flow{Kind: recovery.KindLogin, Proofs: shown("password")}, full, remembered(noon.Add(time.Hour)), "", "", true},
		{"trust is over", recovery.Flow{Kind: recovery.KindLogin, Proofs: shown("password")}, full, remembered(noon), "factor", "totp", false},
		{"known browser is not trusted", recovery.Flow{Kind: recovery.KindLogin, Proofs: shown("password")}, full, &recovery.Device{}, "factor", "totp", false},
		{"factors gone missing", recovery.Flow{Kind: recovery.KindLogin, Proofs: shown("password")}, broken, nil, "refused", "", false},
		{"no factor, unknown browser", recovery.Flow{Kind: recovery.KindLogin, Proofs: shown("password")}, plain, nil, "factor", "mail_code", false},
		{"no factor, known browser", recovery.Flow{Kind: recovery.KindLogin, Proofs: shown("password")}, plain, &recovery.Device{}, "", "", true},
		{"no factor, no address", recovery.Flow{Kind: recovery.KindLogin, Proofs: shown("password")}, bare, nil, "", "", true},
	}
}

func nextOfRecovery() []nextStep {
	full := recoverytest.Account(recovery.Password, recovery.TOTP, recovery.RecoveryCode)
	plain := recoverytest.Account(recovery.Password)
	banned := recoverytest.Account(recovery.Password, recovery.TOTP)
	banned.Credentials[0].NoProofUntil = noon.Add(time.Hour)
	fresh := recoverytest.Account(recovery.Password, recovery.TOTP)
	fresh.Addresses[1].ValidFrom = noon.Add(time.Hour)
	return []nextStep{
		{"asking", recovery.Flow{Kind: recovery.KindRecover}, nil, nil, "recover", "password", false},
		{"nothing proved", recovery.Flow{Kind: recovery.KindRecover}, full, nil, "sent", "mail_link", false},
		{"nothing proved, nothing to show", recovery.Flow{Kind: recovery.KindRecover}, &recovery.Account{}, nil, "sent", "mail_link", false},
		{"mailbox proved", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link")}, full, nil, "choice", "", false},
		{"mailbox, password", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link"), Goal: "password"}, full, nil, "factor", "totp", false},
		{"mailbox, factor", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link"), Goal: "second_factor"}, full, nil, "factor", "password", false},
		{"mailbox, password shown, factor", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link", "password"), Goal: "second_factor"}, full, nil, "factor", "sms_code", false},
		{"all three, factor", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link", "password", "sms_code"), Goal: "second_factor"}, full, nil, "enroll", "totp", false},
		{"new factor confirmed", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link", "password", "sms_code"), Goal: "second_factor", Pending: confirmed("totp")}, full, nil, "codes", "recovery_code", false},
		{"codes seen", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link", "password", "sms_code"), Goal: "second_factor", Pending: confirmed("totp", "recovery_code")}, full, nil, "", "", true},
		{"enrolled without the proofs", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link"), Goal: "second_factor", Pending: confirmed("totp", "recovery_code")}, full, nil, "factor", "password", false},
		{"mailbox and number are no way", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link", "sms_code"), Goal: "second_factor"}, full, nil, "factor", "password", false},
		{"mailbox and password are no way", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link", "password"), Goal: "both"}, full, nil, "factor", "recovery_code", false},
		{"both by code and mailbox", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link", "recovery_code"), Goal: "both"}, full, nil, "new-password", "password", false},
		{"no factor: mailbox is enough", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link")}, plain, nil, "new-password", "password", false},
		{"with a factor it is not", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link"), Goal: "password"}, banned, nil, "factor", "totp", false},
		{"password set by recovery", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link", "password", "sms_code"), Goal: "second_factor"}, banned, nil, "refused", "", false},
		{"number changed yesterday", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("mail_link", "password"), Goal: "second_factor"}, fresh, nil, "refused", "", false},
		{"rescued", recovery.Flow{Kind: recovery.KindRecover, Proofs: shown("rescue"), Goal: "both"}, full, nil, "new-password", "password", false},
	}
}

// nextOfOthers are set-up, the settings, and kinds that are none.
func nextOfOthers() []nextStep {
	full := recoverytest.Account(recovery.Password, recovery.TOTP, recovery.RecoveryCode)
	plain := recoverytest.Account(recovery.Password)
	tried := recoverytest.Account(recovery.Password, recovery.TOTP, recovery.RecoveryCode)
	tried.Probation = noon.Add(time.Hour)
	return []nextStep{
		{"set-up without a ticket", recovery.Flow{Kind: recovery.KindSetup}, &recovery.Account{}, nil, "setup", "setup", false},
		{"set-up", recovery.Flow{Kind: recovery.KindSetup, Proofs: shown("setup")}, &recovery.Account{}, nil, "setup", "", false},
		{"activation without a ticket", recovery.Flow{Kind: recovery.KindActivate}, &recovery.Account{}, nil, "activate", "invite", false},
		{"new password without the old", recovery.Flow{Kind: recovery.KindChangePassword}, full, nil, "factor", "password", false},
		{"new password without the factor", recovery.Flow{Kind: recovery.KindChangePassword, Proofs: shown("password")}, full, nil, "factor", "totp", false},
		{"new factor on probation", recovery.Flow{Kind: recovery.KindAddFactor, Proofs: shown("totp")}, tried, nil, "refused", "", false},
		{"new factor without proof", recovery.Flow{Kind: recovery.KindAddFactor}, full, nil, "factor", "totp", false},
		{"a password does not stand for a factor", recovery.Flow{Kind: recovery.KindAddFactor, Proofs: shown("password")}, full, nil, "factor", "totp", false},
		{"without a factor it does not alone", recovery.Flow{Kind: recovery.KindAddFactor, Proofs: shown("password")}, plain, nil, "factor", "mail_code", false},
		{"with one thing more it does", recovery.Flow{Kind: recovery.KindAddFactor, Proofs: shown("password", "mail_code")}, plain, nil, "enroll", "totp", false},
		{"in a browser of before it does", recovery.Flow{Kind: recovery.KindAddFactor, Proofs: shown("password")}, plain, &recovery.Device{Sure: true}, "enroll", "totp", false},
		{"unknown kind", recovery.Flow{Kind: "root"}, full, nil, "refused", "", false},
		{"no kind", recovery.Flow{}, full, nil, "refused", "", false},
	}
}

func TestNext(t *testing.T) {
	for _, tc := range slices.Concat(nextOfSignIn(), nextOfRecovery(), nextOfOthers()) {
		t.Run(tc.name, func(t *testing.T) {
			got := recoverytest.Next(recovery.Facts{
				Flow: &tc.flow, Account: tc.account, Device: tc.device, Client: recovery.Client{Device: skipping}, Policy: recovery.Default(), Now: noon,
				Methods: method.All(method.Set{Has: everything}),
			})
			if got.Page != tc.page || got.Method != tc.method || got.Done != tc.done {
				t.Errorf("got page %q, method %q, done %v, want %q, %q, %v", got.Page, got.Method, got.Done, tc.page, tc.method, tc.done)
			}
		})
	}
}

// Before the first proof the step is the same for every account, and for none.
func TestEN05_OffersBeforeTheFirstProofDoNotDependOnTheAccount(t *testing.T) {
	methods := method.All(method.Set{Has: everything})
	var want recovery.Step
	for i, a := range []*recovery.Account{
		{}, recoverytest.Account(), recoverytest.Account(recovery.Password), recoverytest.Account(recovery.TOTP), recoverytest.Account(recovery.Password, recovery.TOTP, recovery.RecoveryCode),
	} {
		got := recoverytest.Next(recovery.Facts{Flow: &recovery.Flow{Kind: recovery.KindRecover}, Account: a, Policy: recovery.Default(), Methods: methods, Now: noon})
		if i == 0 {
			want = got
		}
		if got.Page != want.Page || got.Method != want.Method || !slices.Equal(got.Methods, want.Methods) {
			t.Errorf("account %d: got %+v, want %+v", i, got, want)
		}
	}
}

func TestPolicyValidate(t *testing.T) {
	methods := method.All(method.Set{Has: everything})
	for _, tc := range []struct {
		name string
		ways []recovery.Way
		ok   bool
	}{
		{"default", recovery.Default().Ways[recovery.GoalPassword], true},
		{"off", nil, true},
		{"unknown proof", []recovery.Way{{Proofs: []string{"telepathy"}}}, false},
		{"empty way", []recovery.Way{{}}, false},
		{"twice", []recovery.Way{{Proofs: []string{"password", "sms_code"}}, {Proofs: []string{"sms_code", "password"}}}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := recovery.Default()
			p.Ways[recovery.GoalPassword] = tc.ways
			if err := p.Validate(methods); (err == nil) != tc.ok {
				t.Errorf("got error %v, want none: %v", err, tc.ok)
			}
		})
	}
}

// The zero value of every decision denies.
func TestZeroValuesDeny(t *testing.T) {
	if (guard.Decision{}).OK() || (guard.Decision{Reason: guard.Allowed}).OK() {
		t.Error("a decision without an identity lets through")
	}
	if (recovery.Verdict{}).OK || (recovery.Step{}).Done {
		t.Error("a zero verdict or step is a success")
	}
	if _, err := secret.NewKeys(); err == nil {
		t.Error("no keys at all are accepted")
	}
}
