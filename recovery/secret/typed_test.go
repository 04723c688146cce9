package secret_test

import (
	"testing"
	"unicode"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

func TestTyped(t *testing.T) {
	for typed, want := range map[string]string{
		"123456": "123456", "123 456": "123456", "123-456": "123456", "\t123456\r\n": "123456",
		"123\u00a0456": "123456", "123\u202f456": "123456", "123\u2009456": "123456", "123\u3000456": "123456",
		"123\u2011456": "123456", "123\u2013456": "123456", "123\u2014456": "123456", "123\u2212456": "123456",
		"\u200e123456\u200f": "123456", "\ufeff123456": "123456", "123\u200b456": "123456", "123\u00ad456": "123456", "\u2068123456\u2069": "123456",
		"١٢٣٤٥٦": "123456", "۱۲۳۴۵۶": "123456", "१२३४५६": "123456", "１２３４５６": "123456", "๑๒๓๔๕๖": "123456", "𝟏𝟐𝟑𝟒𝟓𝟔": "123456", "𝟙𝟚𝟛𝟜𝟝𝟞": "123456",
		"ＡＢｃ＋": "ABc+", "12345六": "12345六", "①23456": "①23456", "12345\x00": "12345\x00", "1²3": "1²3", "": "",
	} {
		if got := secret.Typed(typed); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

// What [secret.Typed] takes for granted of Unicode's table.
func TestDigitsComeInTens(t *testing.T) {
	for _, r := range unicode.Nd.R16 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("digits from %x to %x are no whole tens", r.Lo, r.Hi)
		}
	}
	for _, r := range unicode.Nd.R32 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("digits from %x to %x are no whole tens", r.Lo, r.Hi)
		}
	}
}
