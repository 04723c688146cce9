package templates_test

import (
	"strings"
	"testing"
)

// Mail programs make links of what looks like an address, so none stands in a
// value that comes from others. Links of ours stay.
func TestNoValueOfAMessageIsALink(t *testing.T) {
	values := map[string]string{
		"address":            "see https://evil.example/login",
		"hidden signs":       "h\u200bttps:\u200b/\u2060/evil.exa\u00admple",
		"host":               "open evil.example now",
		"www":                "www.evil.example",
		"other dots":         "evil\u3002example or evil\uff0eexample or evil\uff61example",
		"other scheme":       "ftp://evil.example",
		"line breaks":        "a\r\nhttps://evil.example\r\nb",
		"mail address":       "call sam@evil.example",
		"at its very end":    strings.Repeat("x", 190) + " https://evil.example",
		"of 500 letters":     "https://" + strings.Repeat("e", 500) + ".example",
		"of 500 small parts": strings.Repeat("a.", 250) + "evil.example",
	}
	s := newSet(t)
	for name, value := range values {
		t.Run(name, func(t *testing.T) {
			for _, variable := range []string{"reason", "browser", "name", "admin"} {
				for _, mail := range mails() {
					subject, plain, html, err := s.Mail(mail, "en", vars(variable, value, "event", "new_device"))
					if err != nil {
						t.Fatal(err)
					}
					checkNoLink(t, mail+" with this "+variable, variable, subject, plain, html)
				}
			}
		})
	}
}

func checkNoLink(t *testing.T, where, variable string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		for _, own := range []string{"https://photos.example.com", "http://www.w3.org"} {
			part = strings.ReplaceAll(part, own, "")
		}
		if strings.Contains(part, "://") {
			t.Errorf("%s: an address is left in %q", where, part)
		}
		if variable != "name" && variable != "admin" { // names keep their dots
			for _, dot := range []string{".", "\u3002", "\uff0e", "\uff61"} {
				if strings.Contains(part, "evil"+dot+"example") {
					t.Errorf("%s: a host is left in %q", where, part)
				}
			}
		}
		if strings.Contains(part, strings.Repeat("e", 200)) {
			t.Errorf("%s: got %d bytes, want a bound", where, len(part))
		}
	}
}

// What people honestly write stays readable.
func TestHonestValuesStayAsTheyAre(t *testing.T) {
	s := newSet(t)
	for _, value := range []string{"anna.meier", "O'Neil_2", "Łukasz", "张伟"} {
		if _, plain, _, err := s.Mail("admin-case", "en", vars("name", value, "admin", value)); err != nil || strings.Count(plain, value) < 2 {
			t.Errorf("got %v and %s, want the name %s twice", err, plain, value)
		}
	}
	reason := "She called me at 10.30 (ext. 12): the phone is lost; version 2.1 of the form is signed."
	if _, plain, _, err := s.Mail("admin-case", "en", vars("reason", reason)); err != nil || !strings.Contains(plain, reason) {
		t.Errorf("got %v and %s, want %q in it", err, plain, reason)
	}
}

func TestAnUnknownBrowserInWords(t *testing.T) {
	s := newSet(t)
	for lang, want := range map[string]string{
		"en": "It was asked for from a browser we don’t know.", "fr": "La demande a été faite avec un navigateur que nous ne connaissons pas.",
	} {
		_, plain, html, err := s.Mail("recover-code", lang, vars("browser", "unknown browser"))
		if err != nil || !strings.Contains(plain, want) || !strings.Contains(html, want) {
			t.Errorf("%s: got %v and %s, want %q", lang, err, plain, want)
		}
		if _, plain, _, err = s.Mail("notice", lang, vars("event", "new_device", "browser", "")); err != nil || strings.Contains(plain, "know") && strings.Contains(plain, "browser we don") {
			t.Errorf("%s: no browser took part: got %v and %s", lang, err, plain)
		}
	}
}
