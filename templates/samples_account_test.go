package templates_test

import (
	"time"

	"github.com/caddy-sparekey/sparekey/templates"
)

// accountSamples are the pages of one's own account: of somebody with a bit of
// everything, with all there can be, and with nothing but a password.
func accountSamples() []sample {
	own, probation := account(2), templates.Own{Probation: account(2).Probation}
	changed := site(templates.Frame{SignedIn: true, Notice: problem("codes_done")})
	ended := site(templates.Frame{SignedIn: true, Notice: problem("session_ended")})
	taken := site(templates.Frame{SignedIn: true, Problem: problem("address_taken")})
	codes := templates.AccountRecoveryPage{Own: templates.Own{Others: true}, CodesLeft: 10, Drill: true}
	return []sample{
		{"account", mine(), templates.AccountPage{Own: probation, Name: own.Name, Groups: own.Groups, CodesLeft: 2}},
		{"account-guessed", mine(), templates.AccountPage{Name: own.Name, CodesLeft: 8, Guessed: 100}},
		{"account-admin", mine(), adminAccount()},
		{"account-bare", mine(), templates.AccountPage{Name: own.Name, Losses: losses()[:1]}},
		{"account-unconfirmed", mine(), templates.AccountPage{Name: own.Name, CodesLeft: 8, Unconfirmed: unconfirmed(), Losses: []templates.Loss{{What: "paper", Locked: true, Mend: "confirm_mail"}}}},
		{"account-sign-in", mine(), templates.AccountSignInPage{Own: probation, Factors: own.Factors}},
		{"account-sign-in-full", mine(), templates.AccountSignInPage{Factors: own.Factors, PIN: true, Question: true, HasPIN: true}},
		{"account-sign-in-passkeys", mine(), templates.AccountSignInPage{Factors: passkeys(), Passwordless: true}},
		{"account-sign-in-alone", mine(), templates.AccountSignInPage{Factors: passkeys()[:2], NoPassword: true}},
		{"account-sign-in-due", mine(), templates.AccountSignInPage{Own: templates.Own{FactorDue: true}}},
		{"account-sign-in-droppable", mine(), templates.AccountSignInPage{Factors: own.Factors, Droppable: true}},
		{"account-sign-in-bare", mine(), templates.AccountSignInPage{}},
		{"account-keys", mine(), templates.AccountKeysPage{Keys: accessKeys()}},
		{"account-keys-none", mine(), templates.AccountKeysPage{}},
		{"account-keys-full", mine(), templates.AccountKeysPage{Keys: accessKeys(), Full: true}},
		{"account-keys-bad", site(templates.Frame{SignedIn: true, Problem: problem("key_host")}), templates.AccountKeysPage{Label: "calendar", Hosts: "https://", Expires: "90d"}},
		{"keys", mine(), templates.KeysPage{Code: "sk_k3v9q7xw2m5t8r4yk3v9q7xw2m5t8r4y", Key: accessKeys()[0]}},
		{"keys-person", mine(), templates.KeysPage{Code: "sk_k3v9q7xw2m5t8r4yk3v9q7xw2m5t8r4y", Key: accessKeys()[0], Person: &templates.Person{ID: "p-ben", Name: "ben"}}},
		{"account-devices", ended, devices()},
		{"account-recovery", mine(), templates.AccountRecoveryPage{Own: probation, CodesLeft: 2}},
		{"account-recovery-changed", changed, codes},
		{"account-recovery-full", mine(), templates.AccountRecoveryPage{CodesLeft: 8, Drill: true, Reminder: true, Contacts: []string{"ben", "Zoë"}, Losses: losses()}},
		{"account-recovery-bare", mine(), templates.AccountRecoveryPage{}},
		{"account-activity", mine(), templates.AccountActivityPage{Log: templates.Log{Entries: activities()[:2], Older: "2026-03-05T14:05:00Z.abc"}}},
		{"account-activity-none", mine(), templates.AccountActivityPage{}},
		{"account-contact", mine(), templates.AccountContactPage{KeepDays: 7, Mail: own.Mail, Phone: own.Phone, CanMail: true, CanPhone: true}},
		{"account-contact-bare", mine(), templates.AccountContactPage{KeepDays: 7, CanMail: true, CanPhone: true}},
		{"account-contact-unconfirmed", taken, templates.AccountContactPage{KeepDays: 7, Mail: own.Mail, Phone: own.Phone, CanMail: true, CanPhone: true, Unconfirmed: unconfirmed()}},
	}
}

// activities are of every kind there is.
func activities() []templates.Activity {
	at := someTime()
	return []templates.Activity{
		{Event: "login", At: at, Browser: "Firefox on Linux", Network: "192.0.2.7"},
		{Event: "login_failed", At: at, Network: "2001:db8::/64", Count: 412},
		{Event: "account_disabled", At: at, Name: "Zoë", By: "ana", Detail: "left the <company>"},
		{Event: "rescue", At: at, Gone: "3f2a", ByWay: "command"},
		{Event: "account_frozen", At: at, Name: "ben", ByWay: "link"},
		{Event: "case_opened", At: at, Name: "ben", ByGone: "3f2a"},
		{Event: "unknown", At: at},
	}
}

// passkeys are of every kind there is.
func passkeys() []templates.Factor {
	at := someTime()
	return []templates.Factor{
		{Method: "totp", Since: at},
		{ID: "k-1", Method: "passkey", Label: "Zoë’s <phone>", Since: at, Used: at, Where: "Safari on iOS", Worth: templates.WorthBoth, Spare: true},
		{ID: "k-2", Method: "passkey", Made: "Firefox on Linux", Since: at, Worth: templates.WorthSecond, Place: "albums.example.com"},
		{ID: "k-3", Method: "passkey", Since: at, Doubt: "counter", Spare: true},
		{ID: "k-4", Method: "passkey", Since: at, Doubt: "changed"},
	}
}

// adminAccount shows all that an overview can.
func adminAccount() templates.AccountPage {
	return templates.AccountPage{
		Name: "ana", Groups: []string{"family", "admins"}, CodesLeft: 8, Losses: losses(), Admin: true, Reminder: true,
		Waits: []templates.Wait{{Goal: "second_factor", Until: someTime().AddDate(0, 0, 1)}},
	}
}

func losses() []templates.Loss {
	return []templates.Loss{
		{What: "mailbox", Locked: true, Mend: "add_contact"},
		{What: "phone", Thing: templates.LossSpared},
		{What: "security_key", Thing: templates.LossGone},
		{What: "laptop"},
		{What: "paper", Locked: true, Mend: "add_phone"},
	}
}

func devices() templates.AccountDevicesPage {
	at := someTime()
	return templates.AccountDevicesPage{
		Sessions: account(2).Sessions,
		Browsers: []templates.Browser{
			{ID: "d-1", Name: "Firefox on Linux", Network: "192.0.2.7", First: at.AddDate(0, -2, 0), Seen: at.Add(time.Hour), Current: true},
			{ID: "d-2", Label: "Zoë’s old <phone>", Name: "Safari on iPhone", First: at.AddDate(0, 0, -3), Seen: at.Add(-time.Hour), Trusted: at.AddDate(0, 0, 27)},
		},
	}
}

// unconfirmed belongs to somebody whose mail address was skipped and whose number is
// older than the codes.
func unconfirmed() []templates.Unconfirmed {
	return []templates.Unconfirmed{{What: "mail", Can: true}, {What: "phone", Used: true, Can: true}}
}

// accessKeys are one in each state there is.
func accessKeys() []templates.Key {
	return []templates.Key{
		{ID: "7k3v9m2q", Name: "phone backup", Hosts: []string{"photos.example.com", "cloud.example.com"}, Paths: []string{"/dav/*"}, Made: someTime(), End: someTime().AddDate(1, 0, 0), Used: someTime()},
		{ID: "2m5t8r4y", Name: "builds", Maker: "sam", Made: someTime(), Suspended: true},
		{ID: "9q7xw2m5", Name: "old", Made: someTime(), End: someTime(), Over: true},
	}
}
