package recovery_test

import (
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
)

func TestIN03_Names(t *testing.T) {
	for typed, want := range map[string]string{
		"alice": "alice", "Alice": "alice", "ALICE": "alice", "\uff21lice": "alice", "jos\u00e9": "jos\u00e9", "jose\u0301": "jos\u00e9", "a.b-c_d": "a.b-c_d",
		"": "", "a b": "", "a@b": "", "0041-79-1234567": "", "12345": "", "+41": "", "a\x00b": "", "a\u200bb": "", "\u202ealice": "", "<b>": "", strings.Repeat("x", 65): "", "\xff": "", "a\nb": "",
	} {
		got, err := recovery.CanonicalName(typed)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", typed, got, err, want)
		}
	}
}

func TestMailAddresses(t *testing.T) {
	for typed, want := range map[string]string{
		"alice@example.org": "alice@example.org", " Alice@Example.ORG ": "alice@example.org", "a+b@example.org": "a+b@example.org",
		"a@b\u00fccher.example": "a@xn--bcher-kva.example", "a@\uff45xample.org": "a@example.org",
		"alice": "", "a@b@c": "", "a@x,b@y": "", "a@x;b@y": "", "a@x\r\nBcc: b@y": "", "\u0430lice@example.org": "", "": "", "a@": "", "@b": "",
		"<a@b.c>": "", "A <a@b.c>": "", "a@b c": "", strings.Repeat("x", 300) + "@example.org": "",
	} {
		got, err := recovery.CanonicalMail(typed)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", typed, got, err, want)
		}
	}
}

func TestPhoneNumbers(t *testing.T) {
	for typed, want := range map[string]string{
		"+41 79 123 45 67": "+41791234567", "0041791234567": "+41791234567", "+1 (555) 010-0000": "+15550100000",
		"+41\u00a079\u202f123\u201145\u201167": "+41791234567",
		"\uff0b41791234567":                    "", "+\uff14\uff11791234567": "", "+41791234567\u200b": "", "\u0660\u0660\u0664\u0661791234567": "", "tel:+41791234567": "", "+41791234567x2": "",
		"079 123 45 67": "", "+0123456789": "", "+41": "", "+4179123456789012": "", "+41x79": "", "": "",
	} {
		got, err := recovery.CanonicalPhone(typed)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", typed, got, err, want)
		}
	}
}

func TestMaskShowsLittle(t *testing.T) {
	for typed, want := range map[string]string{"alice@example.org": "a•••@example.org", "+41791234567": "•••••67", "": "", "12": ""} {
		if got := recovery.Mask(typed); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add("Alice")
	f.Add("a@b\u00fccher.example")
	f.Add("+41 79")
	f.Fuzz(func(t *testing.T, typed string) {
		for _, canonical := range []func(string) (string, error){recovery.CanonicalName, recovery.CanonicalMail, recovery.CanonicalPhone} {
			got, err := canonical(typed)
			if err != nil {
				continue
			}
			if strings.ContainsAny(got, "\r\n\x00 ,;<>") {
				t.Fatalf("%q gives %q", typed, got)
			}
			if again, err := canonical(got); err != nil || again != got {
				t.Fatalf("%q gives %q, and that %q, %v", typed, got, again, err)
			}
		}
	})
}
