package templates_test

import (
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/templates"
)

// sample is one state of one page; its name is that of the golden file.
type sample struct {
	name string
	view templates.View
}

// qr stands in for the QR code the web package draws: same shape, no meaning.
const qr = template.HTML(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29" shape-rendering="crispEdges"><path d="M4 4h7v7h-7zM18 4h7v7h-7zM4 18h7v7h-7zM13 6h2v3h-2zM13 13h5v2h-5zM20 20h3v2h-3z" fill="#000"/></svg>`)

// samples lists at least one state of every page.
func samples() []sample {
	return slices.Concat(signInSamples(), recoverySamples(), otherSamples(), waitSamples(), vouchSamples(), settingSamples(), peopleSamples())
}

func site(v templates.View) templates.View {
	v.Site, v.Host = "Photos", "photos.example.com"
	v.Help = "Ask Sam, sam@example.com or 01 23 45 67 89."
	return v
}

// step is a page inside a flow.
func step(v templates.View) templates.View {
	v.Flow, v.Return = "f7hq2mz4k9", "/albums/2026?sort=date"
	return site(v)
}

func problem(key string, args ...string) *templates.Text {
	t := &templates.Text{Key: key, Args: map[string]string{}}
	for i := 0; i+1 < len(args); i += 2 {
		t.Args[args[i]] = args[i+1]
	}
	return t
}

func signInSamples() []sample {
	signIn := templates.View{Page: "sign-in", Start: "login", Return: "/albums/2026?sort=date", Recover: true, Remember: true}
	wrong := signIn
	wrong.Name, wrong.Problem = "ana", problem("wrong_name_or_password")
	replaced := signIn
	replaced.Notice = problem("second_factor_done")
	insecure := signIn
	insecure.Insecure, insecure.Site, insecure.Host = true, "nas.lan:8080", "nas.lan:8080"
	totp := templates.View{Page: "factor", Method: "totp", Trust: true, Methods: []string{"recovery_code", "mail_code"}, Recover: true}
	clock := totp
	clock.Problem = problem("code_clock_off", "minutes", "3")
	return []sample{
		{"sign-in", site(signIn)},
		{"sign-in-wrong", site(wrong)},
		{"sign-in-notice", site(replaced)},
		{"sign-in-insecure", insecure},
		{"factor-totp", step(totp)},
		{"factor-totp-clock", step(clock)},
		{"factor-sms-code", step(templates.View{Page: "factor", Method: "sms_code", Hint: "+33 • •• •• •• 78", Minutes: 5, Resend: true, Methods: []string{"totp"}, Recover: true})},
		{"factor-mail-code", step(templates.View{Page: "factor", Method: "mail_code", Minutes: 5, Resend: true, Notice: problem("resent")})},
		{"factor-recovery-code", step(templates.View{Page: "factor", Method: "recovery_code", Methods: []string{"totp"}, Recover: true})},
		{"factor-password", step(templates.View{Page: "factor", Method: "password", Name: "ana", SignedIn: true})},
		{"factor-pin", step(templates.View{Page: "factor", Method: "pin", SignedIn: true, Keep: "fr"})},
		{"choose", step(templates.View{Page: "choose", Recover: true, Options: options("totp", "recovery_code", "sms_code", "mail_code")})},
		{"choose-recover", step(templates.View{Page: "choose", Choice: "second_factor", Recover: true, Options: []templates.Option{
			{Method: "recovery_code"}, {Method: "contact", Then: []string{"mail_link", "factor"}}, {Method: "wait", Wait: 24 * time.Hour},
		}})},
		{"choose-none", step(templates.View{Page: "choose", SignedIn: true, Keep: "fr"})},
		{"signed-out", site(templates.View{Page: "signed-out", Return: "/albums/2026?sort=date"})},
	}
}

func options(methods ...string) []templates.Option {
	var out []templates.Option
	for _, m := range methods {
		out = append(out, templates.Option{Method: m})
	}
	return out
}

func recoverySamples() []sample {
	password := templates.View{Page: "new-password", Name: "ana", MinLength: 8}
	short := password
	short.Problem = problem("password_short", "min", "8")
	enroll := templates.View{
		Page: "enroll", Choice: "second_factor", QR: qr, Key: "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP",
		URI: "otpauth://totp/Photos:ana?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Photos",
	}
	return []sample{
		{"recover", site(templates.View{Page: "recover", Start: "recover", Return: "/albums/2026?sort=date"})},
		{"sent", step(templates.View{Page: "sent", Method: "mail_link", Resend: true, Methods: []string{"recovery_code"}, Minutes: 5})},
		{"sent-unknown", step(templates.View{Page: "sent", Method: "mail_link", Resend: true, Problem: problem("code_unknown")})},
		{"choice", step(templates.View{Page: "choice", Choices: []string{"password", "second_factor", "both"}})},
		{"new-password", step(password)},
		{"new-password-short", step(short)},
		{"enroll", step(enroll)},
		{"codes", step(templates.View{Page: "codes", Codes: codes()})},
		{"confirm", site(templates.View{Page: "confirm", Start: "link"})},
		{"confirm-other-browser", site(templates.View{Page: "confirm", Start: "link", Problem: problem("link_other_browser")})},
		{"stop", site(templates.View{Page: "stop", Token: "k3v9-stop-ticket"})},
		{"stop-done", site(templates.View{Page: "stop", Notice: problem("frozen")})},
	}
}

func otherSamples() []sample {
	return []sample{
		{"setup-code", site(templates.View{Page: "setup", Start: "setup"})},
		{"setup", step(templates.View{Page: "setup", AskMail: true, AskPhone: true, MinLength: 8})},
		{"activate-code", site(templates.View{Page: "activate", Start: "activate"})},
		{"activate", step(templates.View{Page: "activate", Name: "ben", MinLength: 15})},
		{"account", account(site(templates.View{Page: "account", SignedIn: true}), 2)},
		{"account-full", account(site(templates.View{Page: "account", SignedIn: true, Notice: problem("session_ended")}), 10)},
		{"refused", site(templates.View{Page: "refused", ID: "r-4f9a21"})},
		{"refused-signed-in", site(templates.View{Page: "refused", Problem: problem("not_found"), ID: "r-4f9a25", SignedIn: true, Return: "/"})},
		{"refused-link", site(templates.View{Page: "refused", Problem: problem("link_expired"), ID: "r-4f9a24"})},
		{"forbidden", site(templates.View{Page: "forbidden", Name: "ana", ID: "r-4f9a22", SignedIn: true, Return: "/albums"})},
		{"slow-down", site(templates.View{Page: "slow-down", Wait: 40 * time.Second, Recover: true})},
		{"slow-down-factor", step(templates.View{Page: "slow-down", Wait: time.Minute, Problem: problem("too_many", "wait", "1m0s"), Methods: []string{"recovery_code"}})},
		{"slow-down-busy", site(templates.View{Page: "slow-down", Wait: 5 * time.Second, Problem: problem("busy")})},
		{"unavailable", site(templates.View{Page: "unavailable", ID: "r-4f9a23"})},
		{"frame", site(templates.View{Page: "frame", Return: "https://photos.example.com/albums"})},
	}
}

func codes() []string {
	var list []string
	for i := range 10 {
		list = append(list, strings.Replace("ABCD-EFGH-JKLM-NPQR", "D", fmt.Sprint(i%8+2), 1))
	}
	return list
}

func account(v templates.View, codesLeft int) templates.View {
	at := time.Date(2026, time.March, 5, 14, 5, 0, 0, time.UTC)
	v.Account = &templates.Account{
		Name: "ana", Mail: "a••@example.com", Phone: "+33 • •• •• •• 78",
		Factors:   []templates.Factor{{Method: "totp", Since: at.AddDate(0, -2, 0)}},
		CodesLeft: codesLeft,
		Sessions: []templates.Session{
			{ID: "s-1", Browser: "Firefox on Linux", Since: at, Seen: at.Add(time.Hour), Current: true},
			{ID: "s-2", Browser: "Safari on iPhone", Since: at.AddDate(0, 0, -3), Seen: at.Add(-time.Hour)},
		},
		Groups: []string{"family", "admins"},
	}
	if codesLeft <= 3 {
		v.Account.Probation = at.AddDate(0, 0, 1)
	}
	return v
}
