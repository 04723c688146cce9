package templates_test

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/templates"
)

// sample is one state of one page; its name is that of the golden file.
type sample struct {
	name    string
	frame   templates.Frame
	content templates.Content
}

// qr stands in for the QR code the web package draws: same shape, no meaning.
const qr = template.HTML(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29" shape-rendering="crispEdges"><path d="M4 4h7v7h-7zM18 4h7v7h-7zM4 18h7v7h-7zM13 6h2v3h-2zM13 13h5v2h-5zM20 20h3v2h-3z" fill="#000"/></svg>`)

// samples lists at least one state of every page.
func samples() []sample {
	return slices.Concat(signInSamples(), recoverySamples(), otherSamples(), accountSamples(), waitSamples(), vouchSamples(), deviceSamples(), settingSamples(), peopleSamples())
}

func sampleOf(t *testing.T, name string) sample {
	t.Helper()
	for _, c := range samples() {
		if c.name == name {
			return c
		}
	}
	t.Fatalf("no sample %q", name)
	return sample{}
}

func site(f templates.Frame) templates.Frame {
	f.Site, f.Host = "Photos", "photos.example.com"
	f.Help = "Ask Sam, sam@example.com or 01 23 45 67 89."
	return f
}

// plain is the frame of a page that belongs to no flow.
func plain() templates.Frame { return site(templates.Frame{}) }

// started is the frame of a page whose form starts something.
func started(what string) templates.Frame { return site(templates.Frame{Start: what}) }

// mine is the frame of a page for somebody signed in.
func mine() templates.Frame { return site(templates.Frame{SignedIn: true}) }

// step is the frame of a page inside a flow.
func step(f templates.Frame) templates.Frame {
	f.Flow, f.Return = "f7hq2mz4k9", albums
	return site(f)
}

// running is the frame of a step with nothing to tell.
func running() templates.Frame { return step(templates.Frame{}) }

// owned is the frame of a step of somebody signed in.
func owned() templates.Frame { return step(templates.Frame{SignedIn: true}) }

const albums = "/albums/2026?sort=date"

func problem(key string, args ...string) *templates.Text {
	t := &templates.Text{Key: key, Args: map[string]string{}}
	for i := 0; i+1 < len(args); i += 2 {
		t.Args[args[i]] = args[i+1]
	}
	return t
}

// severally is what is wrong with several fields of a form.
func severally(first *templates.Text, more ...*templates.Text) *templates.Text {
	for _, t := range more {
		first.More = append(first.More, *t)
	}
	return first
}

func signInSamples() []sample {
	signIn := templates.SignInPage{Recover: true, Remember: true}
	named := signIn
	named.Name = "ana"
	login := templates.Frame{Start: "login", Return: albums}
	wrong, replaced, insecure, gone := login, login, login, login
	gone.Problem = problem("passkey_gone")
	wrong.Problem = problem("wrong_name_or_password")
	replaced.Notice = problem("second_factor_done")
	insecure.Insecure, insecure.Site, insecure.Host = true, "nas.lan:8080", "nas.lan:8080"
	totp := templates.FactorPage{Ways: templates.Ways{Method: "totp", Methods: []string{"recovery_code", "mail_code"}, Recover: true}, Trust: true}
	return []sample{
		{"sign-in", site(login), signIn},
		{"sign-in-wrong", site(wrong), named},
		{"sign-in-passkey-gone", site(gone), templates.SignInPage{Recover: true, Remember: true, Passkeys: true, Gone: `{"rpId":"photos.example.com","credentialId":"AAEC"}`}},
		{"sign-in-passkeys", site(login), templates.SignInPage{Recover: true, Remember: true, Passkeys: true}},
		{"sign-in-notice", site(replaced), signIn},
		{"sign-in-insecure", insecure, signIn},
		{"factor-totp", running(), totp},
		{"factor-totp-wrong", step(templates.Frame{Problem: problem("wrong_authenticator")}), totp},
		{"factor-passkey", running(), templates.FactorPage{
			Ways: templates.Ways{Method: "passkey", Methods: []string{"totp", "recovery_code"}, Recover: true}, Trust: true,
			Ceremony: templates.Ceremony{Options: `{"challenge":"AAAA","rpId":"photos.example.com"}`, Left: 2 * time.Minute},
		}},
		{"factor-passkey-moved", running(), templates.FactorPage{
			Ways: templates.Ways{Method: "passkey", Methods: []string{"recovery_code"}, Recover: true}, Ceremony: templates.Ceremony{Moved: true, Elsewhere: []string{"albums.example.com"}},
		}},
		{"factor-passkey-elsewhere", running(), templates.FactorPage{
			Ways: templates.Ways{Method: "passkey", Methods: []string{"recovery_code"}, Recover: true}, Ceremony: templates.Ceremony{Elsewhere: []string{"albums.example.com"}},
		}},
		{"factor-sms-code", running(), templates.FactorPage{
			Ways: templates.Ways{Method: "sms_code", Resend: "sms_code", Methods: []string{"totp"}, Recover: true}, Hint: "+33 • •• •• •• 78", Minutes: 5,
		}},
		{"factor-mail-code", step(templates.Frame{Notice: problem("resent")}), templates.FactorPage{Ways: templates.Ways{Method: "mail_code", Resend: "mail_code"}, Minutes: 5}},
		{"factor-recovery-code", running(), templates.FactorPage{Ways: templates.Ways{Method: "recovery_code", Methods: []string{"totp"}, Recover: true}}},
		{"factor-password", owned(), templates.FactorPage{Ways: templates.Ways{Method: "password"}, Name: "ana"}},
		{"factor-pin", step(templates.Frame{SignedIn: true, Keep: "fr"}), templates.FactorPage{Ways: templates.Ways{Method: "pin"}}},
		{"choose", running(), templates.ChoosePage{Recover: true, Options: options("totp", "recovery_code", "sms_code", "mail_code")}},
		{"choose-recover", running(), templates.ChoosePage{Choice: "second_factor", Recover: true, Options: []templates.Option{
			{Method: "recovery_code"}, {Method: "contact", Then: []string{"mail_link", "factor"}}, {Method: "wait", Wait: 24 * time.Hour},
		}}},
		{"choose-none", step(templates.Frame{SignedIn: true, Keep: "fr"}), templates.ChoosePage{}},
		{"signed-out", site(templates.Frame{Return: albums}), templates.SignedOutPage{}},
	}
}

func options(methods ...string) []templates.Option {
	var out []templates.Option
	for _, m := range methods {
		out = append(out, templates.Option{Method: m})
	}
	return out
}

// reopened is what opens an account again by the default policy.
func reopened() templates.Reopening {
	return templates.Reopening{Ways: []templates.Option{{Then: []string{"recovery_code", "mail_link"}}, {Then: []string{"admin", "mail_link"}, Wait: 24 * time.Hour}}}
}

func recoverySamples() []sample {
	link := templates.Ways{Method: "mail_link", Resend: "mail_link"}
	known := link
	known.Methods = []string{"recovery_code"}
	password := templates.NewPasswordPage{Method: "password", Name: "ana", MinLength: 8}
	return []sample{
		{"recover", site(templates.Frame{Start: "recover", Return: albums}), templates.RecoverPage{}},
		{"sent", running(), templates.SentPage{Ways: known, Minutes: 5}},
		{"sent-unknown", step(templates.Frame{Problem: problem("code_unknown")}), templates.SentPage{Ways: link}},
		{"choice", running(), templates.ChoicePage{Choices: []string{"password", "second_factor", "both"}}},
		{"choice-factor", running(), templates.ChoicePage{Factors: []templates.Option{{Method: "passkey", Script: true}, {Method: "totp"}}, Again: true}},
		{"new-password", running(), password},
		{"choice-later", running(), templates.ChoicePage{Factors: []templates.Option{{Method: "passkey", Script: true}, {Method: "totp"}}, Later: true}},
		{"new-password-alone", running(), templates.NewPasswordPage{Method: "password", Name: "ana", MinLength: 15, First: true, Alone: true}},
		{"new-password-longer", running(), templates.NewPasswordPage{Method: "password", Name: "ana", MinLength: 15, First: true, Alone: true, Longer: true}},
		{"new-password-first", running(), templates.NewPasswordPage{Method: "password", Name: "ana", MinLength: 8, First: true}},
		{"new-password-short", step(templates.Frame{Problem: problem("password_short", "min", "8")}), password},
		{"enroll", running(), templates.EnrollPage{
			Choice: "second_factor", QR: qr, Key: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP",
			URI: "otpauth://totp/Photos:ana?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Photos",
		}},
		{"enroll-passkey", running(), templates.EnrollPage{
			Ways:     templates.Ways{Method: "passkey", Methods: []string{"totp"}},
			Ceremony: templates.Ceremony{Options: `{"challenge":"AAAA","rp":{"id":"photos.example.com"}}`, Left: 2 * time.Minute, Suggested: "Firefox on Linux"},
		}},
		{"codes", running(), templates.CodesPage{Codes: codes()}},
		{"codes-gone", running(), templates.CodesPage{Codes: codes(), Gone: passkeys()[1:3]}},
		{"codes-keys", running(), templates.CodesPage{Codes: codes(), Keys: []string{"phone backup"}}},
		{"new-password-keys", running(), templates.NewPasswordPage{Method: "password", Name: "ana", MinLength: 8, Keys: []string{"phone backup", "sync"}}},
		{"codes-others", owned(), templates.CodesPage{Codes: codes(), Old: true, Others: true}},
		{"refused-lock", step(templates.Frame{Problem: problem("owner_signed_in", "time", "2026-11-21T14:05:00Z")}), templates.RefusedPage{Lock: true}},
		{"sign-in-closed", site(templates.Frame{Start: "login", Return: albums, Problem: problem("closed")}), templates.SignInPage{Name: "ana", Recover: true, Remember: true, Closed: true}},
		{"confirm", started("link"), templates.ConfirmPage{}},
		{"confirm-case-by", plain(), templates.ConfirmPage{Ways: templates.Ways{Method: "case"}, By: "Sam", Signed: "s1gned"}},
		{"confirm-case-plain", plain(), templates.ConfirmPage{Ways: templates.Ways{Method: "case"}}},
		{"confirm-rescue", plain(), templates.ConfirmPage{Ways: templates.Ways{Method: "rescue"}}},
		{"confirm-other-browser", site(templates.Frame{Start: "link", Problem: problem("link_other_browser")}), templates.ConfirmPage{}},
		{"stop-code", plain(), templates.StopPage{Ask: true}},
		{"stop", plain(), templates.StopPage{Token: "k3v9-stop-ticket", Reopening: reopened()}},
		{"stop-operator", plain(), templates.StopPage{Token: "k3v9-stop-ticket"}},
		{"stop-ended", running(), templates.StopPage{Reopening: reopened()}},
		{"stop-wait", plain(), templates.StopPage{Token: "k3v9-stop-ticket", OnlyFirst: true, Reopening: reopened()}},
		{"stop-again", plain(), templates.StopPage{Token: "k3v9-stop-ticket", Again: true, Reopening: reopened()}},
		{"stop-done", site(templates.Frame{Notice: problem("frozen")}), templates.StopPage{Reopening: reopened()}},
		{"stop-already", site(templates.Frame{Notice: problem("frozen_already")}), templates.StopPage{Reopening: reopened()}},
		{"stop-done-operator", site(templates.Frame{Notice: problem("frozen")}), templates.StopPage{}},
	}
}

func otherSamples() []sample {
	return []sample{
		{"setup-code", started("setup"), templates.SetupPage{}},
		{"setup", running(), templates.SetupPage{AskMail: true, AskPhone: true, MinLength: 8}},
		{"setup-wrong", step(templates.Frame{Problem: severally(problem("mail_bad"), problem("phone_bad"), problem("password_short", "min", "8"))}), templates.SetupPage{
			Name: "ana", Mail: "ana@", Phone: "12", AskMail: true, AskPhone: true, MinLength: 8,
		}},
		{"activate", started("activate"), templates.ActivatePage{}},
		{"activate-by", started("activate"), templates.ActivatePage{By: "Sam", Signed: "s1gned"}},
		{"refused", site(templates.Frame{ID: "r-4f9a21"}), templates.RefusedPage{}},
		{"refused-signed-in", site(templates.Frame{Problem: problem("not_found"), ID: "r-4f9a25", SignedIn: true, Return: "/"}), templates.RefusedPage{}},
		{"refused-link", site(templates.Frame{Problem: problem("link_expired"), ID: "r-4f9a24"}), templates.RefusedPage{}},
		{"refused-again", site(templates.Frame{Problem: problem("enter_again"), ID: "r-4f9a26", Return: albums}), templates.RefusedPage{Again: true}},
		{"refused-done", site(templates.Frame{Notice: problem("flow_finished"), SignedIn: true, Return: albums}), templates.RefusedPage{Done: true}},
		{"forbidden", site(templates.Frame{ID: "r-4f9a22", SignedIn: true, Return: "/albums"}), templates.ForbiddenPage{Name: "ana"}},
		{"forbidden-admin", site(templates.Frame{ID: "r-4f9a22", SignedIn: true, Return: "/albums"}), templates.ForbiddenPage{Name: "ana", Admin: true}},
		{"forbidden-recovered", site(templates.Frame{ID: "r-4f9a27", SignedIn: true, Return: "/"}), templates.ForbiddenPage{Name: "ana", Why: templates.ForbiddenRecovered, Until: someTime()}},
		{"forbidden-factor", site(templates.Frame{ID: "r-4f9a28", SignedIn: true, Return: "/"}), templates.ForbiddenPage{Name: "ana", Why: templates.ForbiddenFactor}},
		{"forbidden-prove", site(templates.Frame{SignedIn: true, Start: "step_up", Return: "/albums"}), templates.ForbiddenPage{Name: "ana", Why: templates.ForbiddenProve}},
		{"forbidden-prove-factor", site(templates.Frame{SignedIn: true, Start: "step_up", Return: "/albums"}), templates.ForbiddenPage{Name: "ana", Why: templates.ForbiddenSecond}},
		{"waits", site(templates.Frame{SignedIn: true, Return: "/albums"}), templates.WaitsPage{Waits: []templates.Wait{
			{Goal: "second_factor", Began: someTime(), Browser: "Firefox on Linux", Until: someTime().Add(24 * time.Hour)},
		}}},
		{"slow-down", plain(), templates.SlowDownPage{Wait: 40 * time.Second, Ways: templates.Ways{Recover: true}, Unknown: true}},
		{"slow-down-factor", step(templates.Frame{Problem: problem("too_many", "wait", "1m0s")}), templates.SlowDownPage{
			Wait: time.Minute, Ways: templates.Ways{Methods: []string{"recovery_code"}},
		}},
		{"slow-down-busy", site(templates.Frame{Problem: problem("busy")}), templates.SlowDownPage{Wait: 5 * time.Second, Busy: true}},
		{"unavailable", site(templates.Frame{ID: "r-4f9a23"}), templates.UnavailablePage{}},
		{"not-saved", plain(), templates.NotSavedPage{}},
		{"not-saved-away", site(templates.Frame{ID: "r-4f9a26"}), templates.NotSavedPage{Away: true}},
		{"not-saved-prove", site(templates.Frame{SignedIn: true, Return: "/albums"}), templates.NotSavedPage{Prove: true}},
		{"worker", plain(), templates.WorkerPage{Next: "/.sparekey/?f=f7hq2mz4k9"}},
		{"frame", site(templates.Frame{Return: "https://photos.example.com/albums"}), templates.FramePage{}},
	}
}

func codes() []string {
	var list []string
	for i := range 10 {
		list = append(list, strings.Replace("ABCD-EFGH-JKLM-NPQR", "D", fmt.Sprint(i%8+2), 1))
	}
	return list
}

func account(codesLeft int) *templates.Account {
	at := time.Date(2026, time.March, 5, 14, 5, 0, 0, time.UTC)
	a := &templates.Account{
		Name: "ana", Mail: "a••@example.com", Phone: "+33 • •• •• •• 78",
		Factors:   []templates.Factor{{Method: "totp", Since: at.AddDate(0, -2, 0)}},
		CodesLeft: codesLeft,
		Sessions: []templates.Session{
			{ID: "s-1", Browser: "Firefox on Linux", Since: at, Seen: at.Add(time.Hour), Current: true, Methods: []string{"password", "totp"}},
			{ID: "s-2", Browser: "Safari on iPhone", Since: at.AddDate(0, 0, -3), Seen: at.Add(-time.Hour), Methods: []string{"password", "trusted_browser"}},
		},
		Groups: []string{"family", "admins"},
	}
	if codesLeft <= 3 {
		a.Probation = at.AddDate(0, 0, 1)
	}
	return a
}
