package templates_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/caddy-sparekey/sparekey/templates"
)

func events() []string {
	return []string{
		"second_factor_replaced", "password_changed", "password_recovered", "new_device", "codes_renewed", "factor_added", "factor_removed", "account_given_up", "account_kept",
		"second_factor_failed", "recovery_refused", "account_frozen", "account_thawed", "sessions_ended", "contact_changed", "contact_confirmed", "wait_started",
		"both_replaced", "rescue", "recovery_code_used", "authenticator_suspended", "wait_stopped", "contact_undone", "pin_changed",
		"question_changed", "contact_person_added", "contact_person_removed", "vouched", "case_opened", "case_shown", "temporary_sent", "account_unlocked", "account_disabled", "account_enabled",
		"access_key_resumed", "admin_taken", "groups_changed", "display_name_changed", "renamed", "extension_changed", "account_leaving",
		"invited", "activated", "sign_in_given_up", "access_key_made", "access_key_revoked", "access_keys_suspended", "device_let_in", "browser_copied", "oldest_ended",
	}
}

// mails lists every mail.
func mails() []string {
	return []string{"recover-code", "mail-code", "invite", "notice", "contact-code", "contact-ask", "contact-drill", "drill-due", "admin-case", "temporary-password", "wait-ready", "test"}
}

func vars(extra ...string) map[string]string {
	v := map[string]string{
		"site": "Photos", "host": "photos.example.com", "name": "ana", "code": "K7QM-4XRT", "minutes": "5", "hours": "72",
		"link":    "https://photos.example.com/.sparekey/link#t0k3n",
		"stop":    "https://photos.example.com/.sparekey/stop#ST0P-7K3V-9M2Q-XD4T",
		"browser": "Firefox on Windows", "time": "2026-03-05T14:05:00Z", "admin": "Sam", "reason": "You called me, and I know your voice.",
	}
	for i := 0; i+1 < len(extra); i += 2 {
		v[extra[i]] = extra[i+1]
	}
	return v
}

// notices are what notices name beside their event.
func notices() map[string][]string {
	return map[string][]string{
		"mail":     {"event", "contact_changed", "variant", "mail", "old", "a•••@example.com", "new", "a•••@example.net"},
		"phone":    {"event", "contact_changed", "variant", "new_phone", "new", "•••••67"},
		"replaced": {"event", "factor_added", "variant", "replaced", "method", "totp"},
		"wait":     {"event", "wait_started", "goal", "second_factor", "until", "2026-03-06T14:05:00Z"},
		"also":     {"event", "both_replaced", "also", "recovery_code_used account_thawed"},
		"person":   {"event", "contact_person_added", "person", "robin"},
		"key":      {"event", "access_key_made", "key", "phone backup"},
		"why":      {"event", "account_disabled", "by_admin", "yes", "reason", "has left the house", "help", "Stuck? Ask Sam, 555 0100."},
	}
}

func TestMailsGolden(t *testing.T) {
	s := newSet(t)
	for _, lang := range s.Languages() {
		for _, name := range mails() {
			t.Run(lang+"/"+name, func(t *testing.T) {
				subject, plain, html, err := s.Mail(name, lang, vars("event", "second_factor_replaced"))
				if err != nil {
					t.Fatal(err)
				}
				compare(t, "Subject: "+subject+"\n\n"+plain, lang, "mail-"+name+".txt")
				compare(t, html, lang, "mail-"+name+".html")
			})
		}
		for name, extra := range notices() {
			t.Run(lang+"/notice/"+name, func(t *testing.T) {
				subject, plain, html, err := s.Mail("notice", lang, vars(extra...))
				if err != nil {
					t.Fatal(err)
				}
				text, err := s.SMS("notice", lang, vars(append(extra, "old", "", "new", "", "person", "", "key", "")...))
				if err != nil {
					t.Fatal(err)
				}
				compare(t, "Subject: "+subject+"\n\n"+plain+"\n"+text+"\n", lang, "notice-"+name+".txt")
				compare(t, html, lang, "notice-"+name+".html")
			})
		}
		for _, name := range []string{"sms-code", "notice", "contact-code", "wait-ready", "test"} {
			t.Run(lang+"/sms/"+name, func(t *testing.T) {
				got, err := s.SMS(name, lang, vars("code", "482913", "event", "new_device"))
				if err != nil {
					t.Fatal(err)
				}
				compare(t, got+"\n", lang, "sms-"+name+".txt")
			})
		}
	}
}

func TestMailOfEveryEvent(t *testing.T) {
	s := newSet(t)
	for _, lang := range s.Languages() {
		subjects, bodies := map[string]bool{}, map[string]bool{}
		for _, event := range events() {
			subject, plain, html, err := s.Mail("notice", lang, vars("event", event))
			if err != nil {
				t.Fatalf("%s %s: %v", lang, event, err)
			}
			if subjects[subject] || bodies[plain] {
				t.Errorf("%s %s: subject %q or body is that of another event", lang, event, subject)
			}
			subjects[subject], bodies[plain] = true, true
			if !strings.Contains(subject, "Photos") {
				t.Errorf("%s %s: got subject %q, want the site in it", lang, event, subject)
			}
			if !strings.Contains(plain, vars()["stop"]) || !strings.Contains(html, "stop#ST0P-7K3V-9M2Q-XD4T") {
				t.Errorf("%s %s: the page that locks the account is missing", lang, event)
			}
			if sms, err := s.SMS("notice", lang, vars("event", event, "stop", "")); err != nil || strings.Contains(sms, "http") || strings.Contains(sms, "\n") {
				t.Errorf("%s %s: got text message %q and %v, want one line", lang, event, sms, err)
			}
		}
	}
}

// TestCodeComesFirst: who has another browser open than the one asked in shall
// type the code, so it is read before the link.
func TestCodeComesFirst(t *testing.T) {
	_, plain, html, err := newSet(t).Mail("recover-code", "en", vars())
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{plain, html} {
		code, link, life := strings.Index(part, "K7QM-4XRT"), strings.Index(part, "/.sparekey/link#t0k3n"), strings.Index(part, "5 minutes")
		if code < 0 || link < code || life < link {
			t.Errorf("code at %d, link at %d, life at %d; want this order in %s", code, link, life, part)
		}
	}
}

func TestOptionalVariables(t *testing.T) {
	s := newSet(t)
	few := map[string]string{"host": "photos.example.com", "code": "K7QM-4XRT", "minutes": "1", "hours": "1", "event": "new_device", "link": "https://a.example/"}
	for _, name := range mails() {
		if name == "contact-ask" {
			few["name"] = "ana"
		} else {
			delete(few, "name")
		}
		subject, plain, html, err := s.Mail(name, "en", few)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, part := range []string{subject, plain, html} {
			for _, slip := range []string{"  on", "Hello ,", "from .", "stop?", "<no value>", "named  ", "1 minutes", "1 hours", " ."} {
				if strings.Contains(part, slip) {
					t.Errorf("%s: got %q in %s", name, slip, part)
				}
			}
		}
		if !strings.Contains(subject, "photos.example.com") {
			t.Errorf("%s: got subject %q, want the host for want of a site", name, subject)
		}
	}
}

func TestMailWithoutPlace(t *testing.T) {
	subject, _, _, err := newSet(t).Mail("notice", "en", map[string]string{"event": "password_changed"})
	if want := "Your password on our site was changed"; err != nil || subject != want {
		t.Errorf("got %q and %v, want %q", subject, err, want)
	}
}

// TestTextsNameNobody: who reads the texts of a number learns of the place, and
// not whose account it is.
func TestTextsNameNobody(t *testing.T) {
	s := newSet(t)
	for _, lang := range s.Languages() {
		for _, name := range []string{"sms-code", "notice", "contact-code", "wait-ready", "test"} {
			for _, event := range events() {
				got, err := s.SMS(name, lang, vars("code", "482913", "event", event, "name", "wilhelmina", "admin", "wilhelmina"))
				if err != nil || strings.Contains(got, "wilhelmina") {
					t.Errorf("%s %s %s: got %q and %v, want no name in it", lang, name, event, got, err)
				}
			}
		}
	}
}

// TestSMSOriginBound: the last line is exactly what phones look for.
func TestSMSOriginBound(t *testing.T) {
	s := newSet(t)
	for _, lang := range s.Languages() {
		for _, name := range []string{"sms-code", "contact-code"} {
			got, err := s.SMS(name, lang, vars("code", "482913", "site", "Ana's “Photos”"))
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(got, "\n")
			if len(lines) != 2 || lines[1] != "@photos.example.com #482913" || !strings.HasPrefix(lines[0], `482913 `) {
				t.Errorf("%s %s: got %q, want the code first and the binding last", lang, name, lines)
			}
			if strings.ContainsAny(got, "’“”\u00a0\u202f") {
				t.Errorf("%s %s: got %q, want plain characters", lang, name, got)
			}
		}
	}
}

// TestAskingToVouchHoldsNoWay: whoever gets this mail shall wait for a voice, so
// there is nothing in it to press or to type.
func TestAskingToVouchHoldsNoWay(t *testing.T) {
	s := newSet(t)
	for _, lang := range s.Languages() {
		_, plain, html, err := s.Mail("contact-ask", lang, vars())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(plain, "http") || strings.Contains(html, "href") || strings.Contains(plain+html, "K7QM") {
			t.Errorf("%s: got %s\n%s, want no link and no code", lang, plain, html)
		}
		if !strings.Contains(plain, "ana ") {
			t.Errorf("%s: got %s, want who asks", lang, plain)
		}
	}
}

// TestTestMessageHoldsNothing: it is sent to any address, so it tells nothing
// and opens nothing.
func TestTestMessageHoldsNothing(t *testing.T) {
	s := newSet(t)
	for _, lang := range s.Languages() {
		_, plain, html, err := s.Mail("test", lang, vars())
		if err != nil {
			t.Fatal(err)
		}
		sms, err := s.SMS("test", lang, vars())
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range []string{plain, html, sms} {
			if strings.Contains(part, "http") || strings.Contains(part, "K7QM") || !strings.Contains(part, "Photos") {
				t.Errorf("%s: got %s, want the site, no link and no code", lang, part)
			}
		}
		if len(sms) > 160 {
			t.Errorf("%s: got a text message of %d bytes, want 160 at most", lang, len(sms))
		}
	}
}

func TestNoticesOfOthersDoing(t *testing.T) {
	tests := []struct{ event, says, never string }{
		{"account_disabled", "If you expected this", "If this was you"},
		{"case_opened", "If you expected this", "If this was you"},
		{"case_shown", "hand to you in person", "your own address"},
		{"pin_changed", "If this was you", "If you expected this"},
		{"contact_changed", "put the old one back", "Open this page and lock"},
		{"password_changed", "Open this page and lock", "the old one back"},
	}
	s := newSet(t)
	for _, test := range tests {
		t.Run(test.event, func(t *testing.T) {
			_, plain, html, err := s.Mail("notice", "en", vars("event", test.event))
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{plain, html} {
				if !strings.Contains(part, test.says) || strings.Contains(part, test.never) {
					t.Errorf("got %s, want %q and not %q", part, test.says, test.never)
				}
			}
		})
	}
}

// TestNoticeOfATrustedBrowser: who is told of a new browser is told that it skips
// the second factor, and of no other browser.
func TestNoticeOfATrustedBrowser(t *testing.T) {
	s := newSet(t)
	for lang, says := range map[string][2]string{"en": {"Don’t ask for a code", "asked for codes"}, "fr": {"Ne plus demander de code", "Aucun code"}} {
		for _, trusted := range []string{"", "yes"} {
			_, plain, html, err := s.Mail("notice", lang, vars("event", "new_device", "trusted", trusted))
			if err != nil {
				t.Fatal(err)
			}
			sms, err := s.SMS("notice", lang, vars("event", "new_device", "trusted", trusted))
			if err != nil {
				t.Fatal(err)
			}
			want := trusted != ""
			if strings.Contains(plain, says[0]) != want || strings.Contains(html, says[0]) != want || strings.Contains(sms, says[1]) != want {
				t.Errorf("%s, trusted %q: got %s\n%s", lang, trusted, plain, sms)
			}
		}
	}
}

func TestMessageValuesAreHarmless(t *testing.T) {
	tests := []struct{ name, value string }{
		{"script", `<script>alert(1)</script>`},
		{"header injection", "ana\r\nBcc: victim@example.com\r\n\r\nbody"},
		{"other line breaks", "a\u2028b\u2029c\u0085d\ve"},
		{"template", "{{.}} {{.V \"code\"}}"},
		{"placeholder", "{code}"},
		{"bidi", "\u202egnp.exe\u2066"},
		{"control", "\x00\x1b[31m\a"},
		{"bytes", "\xff\xfe"},
		{"endless", strings.Repeat("é", 5000)},
	}
	s := newSet(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			v := vars("name", test.value, "admin", test.value, "reason", test.value, "browser", test.value, "site", test.value, "host", test.value, "event", "new_device", "time", test.value)
			for _, name := range mails() {
				subject, plain, html, err := s.Mail(name, "en", v)
				if err != nil {
					t.Fatal(err)
				}
				checkSubject(t, subject)
				if strings.Contains(html, "<script") || strings.Contains(plain, "\nBcc:") || strings.ContainsAny(plain+html, "\r\x00\x1b\u202e\u2028") {
					t.Errorf("%s: got %q\n%q", name, plain, html)
				}
				if !utf8.ValidString(plain + html) {
					t.Errorf("%s: not UTF-8", name)
				}
			}
			sms, err := s.SMS("sms-code", "en", v)
			if err != nil || strings.Count(sms, "\n") != 1 {
				t.Errorf("text message: got %q and %v, want two lines", sms, err)
			}
		})
	}
}

func checkSubject(t *testing.T, subject string) {
	t.Helper()
	const longest = 200
	if strings.ContainsAny(subject, "\r\n\v\u0085\u2028\u2029\x00\x1b\u202e") || utf8.RuneCountInString(subject) > longest || strings.Contains(subject, "K7QM") {
		t.Errorf("got subject %q, want one short line without the code", subject)
	}
}

func TestLongLinksStayWhole(t *testing.T) {
	link := "https://photos.example.com/.sparekey/link#" + strings.Repeat("t0k3n", 60)
	_, plain, html, err := newSet(t).Mail("invite", "en", vars("link", link))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(plain, link) || !strings.Contains(html, `href="`+link+`"`) {
		t.Errorf("got %s\n%s\nwant the whole link", plain, html)
	}
}

func TestLinksInMailsAreWeb(t *testing.T) {
	_, _, html, err := newSet(t).Mail("invite", "en", vars("link", "javascript:alert(1)"))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(html, `href="javascript:`) {
		t.Errorf("got %s, want no such link", html)
	}
}

func TestMessageErrors(t *testing.T) {
	s := newSet(t)
	if _, _, _, err := s.Mail("nonsense", "en", vars()); !errors.Is(err, templates.ErrUnknownMessage) {
		t.Errorf("mail: got %v, want %v", err, templates.ErrUnknownMessage)
	}
	if _, err := s.SMS("recover-code", "en", vars()); !errors.Is(err, templates.ErrUnknownMessage) {
		t.Errorf("text message: got %v, want %v", err, templates.ErrUnknownMessage)
	}
	if _, _, _, err := s.Mail("notice", "en", vars("event", "nonsense")); !errors.Is(err, templates.ErrUnknownText) {
		t.Errorf("event: got %v, want %v", err, templates.ErrUnknownText)
	}
	if _, err := s.SMS("notice", "en", vars("event", "")); !errors.Is(err, templates.ErrUnknownText) {
		t.Errorf("no event: got %v, want %v", err, templates.ErrUnknownText)
	}
}

// A notice of what an administrator did says so in every language, with the host
// and one link: the closing link, or where one's own page is.
func TestNoticesOfAdministrators(t *testing.T) {
	s := newSet(t)
	for _, lang := range s.Languages() {
		for _, stop := range []string{"", vars()["stop"]} {
			page := "https://photos.example.com/.sparekey/account"
			if stop != "" {
				page = ""
			}
			v := vars("event", "account_unlocked", "by_admin", "yes", "stop", stop, "link", page)
			_, plain, html, err := s.Mail("notice", lang, v)
			sms, err2 := s.SMS("notice", lang, v)
			for _, text := range []string{plain, html, sms} {
				if err != nil || err2 != nil || !strings.Contains(text, "dministrat") || !strings.Contains(text, "photos.example.com") || !strings.Contains(text, stop+page) {
					t.Errorf("%s: got %v %v %q, want who it was, host and link", lang, err, err2, text)
				}
			}
			if _, own, _, _ := s.Mail("notice", lang, vars("event", "account_unlocked", "stop", stop)); strings.Contains(own, "dministrat") {
				t.Errorf("%s: got %q of one's own act", lang, own)
			}
		}
	}
}
