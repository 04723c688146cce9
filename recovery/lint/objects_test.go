package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/lint"
)

// stolen writes risks: the objects, the delay, and what would help.
func stolen(list []lint.Risk) []string {
	out := []string{}
	for _, r := range list {
		s := strings.Join(r.Objects, " + ")
		if r.Delay > 0 {
			s += " @" + r.Delay.String()
		}
		if r.Stoppable {
			s += " stoppable"
		}
		for _, m := range r.Mends {
			s += ", " + m.Key
		}
		out = append(out, s)
	}
	return out
}

func TestWarnings(t *testing.T) {
	for _, tc := range []struct {
		name  string
		table lint.Table
		shape string
		want  []string
	}{
		{"nothing but a password", lint.Base(), "totp", []string{"password manager with every factor, apart_totp"}},
		{"without a factor the password is enough", lint.Base(), "", []string{
			"leaked password, add_authenticator, add_passkey", "password manager, add_authenticator, add_passkey",
			"signed-in laptop, add_authenticator, add_passkey",
		}},
		{"an authenticator and the mailbox in one phone", defaults(), "totp mail", []string{"unlocked phone, apart_totp, apart_mail", "password manager with every factor, apart_totp"}},
		{"signed in there too", defaults(), "totp mail device", []string{
			"unlocked phone, apart_totp", "password manager with every factor, apart_totp", "signed-in laptop @24h", "unlocked laptop + leaked password @24h", "mailbox + leaked password @24h stoppable",
		}},
		{"a security key keeps the phone from being enough", defaults(), "verified mail phone", []string{
			"signed-in laptop @24h stoppable, apart_mail", "unlocked phone + leaked password, apart_mail", "mailbox + leaked password @24h stoppable", "mailbox + security key",
		}},
		{"mailbox alone", policy("second_factor: mail_link"), "totp mail phone", []string{
			"unlocked phone, apart_mail", "unlocked laptop, apart_mail", "mailbox", "password manager with every factor, apart_totp", "mailbox with codes, apart_mail", "signed-in laptop, apart_mail",
		}},
		{"paper alone", policy("both: recovery_code"), "totp codes", []string{
			"paper with codes", "password manager, apart_recovery_code", "password manager with every factor, apart_totp", "mailbox with codes, apart_recovery_code",
		}},
		{"paper and password are a login, in one manager too", lint.Base(), "totp codes", []string{"password manager, apart_recovery_code", "password manager with every factor, apart_totp"}},
		{"SIM and password", policy("second_factor: sms_code password\npassword: recovery_code factor\nboth: mail_link sms_code"), "totp phone mail", []string{
			"unlocked phone, apart_mail, apart_sms", "password manager with every factor, apart_totp", "mailbox + SIM card",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := stolen(lint.Warnings(earlier(tc.table), shape(tc.shape))); !slices.Equal(got, tc.want) {
				t.Errorf("got  %q\nwant %q", got, tc.want)
			}
		})
	}
}

// Somebody who took the question from a leak of passwords would be somebody else.
func TestWarnings_PasswordIsNotAllMemory(t *testing.T) {
	table := policy("second_factor: mail_link question")
	for _, r := range lint.Warnings(table, shape("totp mail question phone")) {
		if slices.Contains(r.Objects, "leaked password") {
			t.Errorf("got %v, want no answer to a question leaked with the password", r.Objects)
		}
	}
}

// forecast writes losses: how one gets back in and what would help.
func forecast(list []lint.Loss) []string {
	out := []string{}
	for _, l := range list {
		s := l.Object + ":"
		switch {
		case l.SignsIn:
			s += " signs in"
		case l.LockedOut:
			s += " locked out"
		case l.Alone:
			s += " alone"
		default:
			s += " with help"
		}
		for _, w := range l.Goals {
			s += " " + string(w.Goal) + "=" + strings.ReplaceAll(w.Way.Name, " ", "+")
			if w.Help {
				s += "!"
			}
		}
		for _, m := range l.Mends {
			s += ", " + m.Key
		}
		out = append(out, s)
	}
	return out
}

func TestForecast(t *testing.T) {
	for _, tc := range []struct {
		name  string
		table lint.Table
		shape string
		want  []string
	}{
		{"no way at all", lint.Base(), "totp", []string{
			"phone: locked out, add_codes, add_passkey",
			"password: locked out, add_passkey, add_device",
			"password manager: locked out, add_passkey, add_device",
		}},
		{"no factor", defaults(), "mail", []string{
			"mailbox: signs in",
			"password: alone password=mail_link",
			"password manager: alone password=mail_link",
		}},
		{"no factor, no mail", defaults(), "", []string{
			"password: locked out, add_codes, add_passkey, add_mail",
			"password manager: locked out, add_passkey, add_mail",
		}},
		{"authenticator and mail", defaults(), "totp mail", []string{
			"phone: locked out, add_codes, add_passkey, add_phone, add_device, add_contacts",
			"mailbox: signs in",
			"password: alone password=mail_link+factor",
			"password manager: alone password=mail_link+factor",
		}},
		{"with somebody to help", defaults(), "totp mail admin rescue", []string{
			"phone: with help password=rescue! second_factor=password+admin! both=rescue!, add_codes, add_passkey, add_phone, add_device, add_contacts",
			"mailbox: signs in password=admin+factor! second_factor=password+admin! both=rescue!",
			"password: alone password=mail_link+factor second_factor=rescue! both=rescue!",
			"password manager: alone password=mail_link+factor second_factor=rescue! both=rescue!",
		}},
		{"everything", defaults(), "totp codes mail phone device contact contact", []string{
			"phone: signs in password=recovery_code+mail_link second_factor=password+recovery_code both=recovery_code+mail_link",
			"laptop: signs in password=mail_link+factor second_factor=mail_link+password+sms_code both=recovery_code+mail_link",
			"mailbox: signs in password=device+factor second_factor=password+recovery_code",
			"password: alone password=mail_link+factor second_factor=recovery_code+mail_link both=recovery_code+mail_link",
			"paper: signs in password=mail_link+factor second_factor=mail_link+password+sms_code both=contact*2+mail_link",
			"password manager: alone password=mail_link+factor second_factor=contact*2+mail_link both=contact*2+mail_link",
		}},
		{"security key only", defaults(), "verified mail phone", []string{
			"phone: signs in password=mail_link+factor second_factor=mail_link+password+wait+24h",
			"mailbox: signs in",
			"password: signs in password=mail_link+factor",
			"security key: alone second_factor=mail_link+password+sms_code",
			"password manager: signs in password=mail_link+factor",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := forecast(lint.Forecast(earlier(tc.table), shape(tc.shape))); !slices.Equal(got, tc.want) {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(tc.want, "\n     "))
			}
		})
	}
}
