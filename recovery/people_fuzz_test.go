package recovery_test

import (
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/caddy-sparekey/sparekey/recovery"
)

var (
	plainMail  = regexp.MustCompile(`^[^@\s,;<>"()]+@[a-z0-9.-]+$`)
	plainPhone = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
)

// FuzzSpellings holds that whatever can be taken for an address has one
// spelling a mail server reads in one way, and that the other ways to write the
// same lead to it or nowhere.
func FuzzSpellings(f *testing.F) {
	for _, s := range []string{"a@b\u00fccher.example", "A@XN--BCHER-KVA.example", "k\u0131m@m\u0131kes.example", "a@fa\u00df.de", "a@\uff45x\u3002org", "+41 79 123 45 67", "0041/79(123)45.67"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		if phone, err := recovery.CanonicalPhone(typed); err == nil && !plainPhone.MatchString(phone) {
			t.Errorf("phone %q gives %q", typed, phone)
		}
		mail, err := recovery.CanonicalMail(typed)
		if err != nil {
			return
		}
		if !plainMail.MatchString(mail) {
			t.Fatalf("%q gives %q", typed, mail)
		}
		local, host, _ := strings.Cut(mail, "@")
		readable, err := idna.Display.ToUnicode(host)
		if err != nil {
			readable = host
		}
		for _, other := range []string{
			norm.NFC.String(typed), norm.NFD.String(typed), " " + typed + " ", strings.ToUpper(local) + "@" + host, local + "@" + strings.ToUpper(host),
			local + "@" + readable, local + "@" + norm.NFD.String(readable), local + "@" + strings.ReplaceAll(host, ".", "\u3002"),
		} {
			if got, err := recovery.CanonicalMail(other); err == nil && got != mail {
				t.Errorf("%q gives %q, but %q gives %q", typed, mail, other, got)
			}
		}
	})
}
