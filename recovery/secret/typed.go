package secret

import (
	"strings"
	"unicode"
)

// Typed reads a code or a number as people type and paste it: blanks, dashes and
// characters that nobody sees are left out, digits of every script are 0 to 9, and
// full-width characters are the plain ones. Everything else stays, so that a padded
// or extended code is refused and not repaired.
func Typed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Pd, r) || r == minus {
			return -1
		}
		return r
	}, Pasted(s))
}

// Pasted is Typed for the secret of a link, of which dashes are a part.
func Pasted(s string) string {
	return strings.Map(func(r rune) rune {
		d, isDigit := digit(r)
		switch {
		case isDigit:
			return d
		case unicode.IsSpace(r), unicode.In(r, unicode.Zs, unicode.Cf):
			return -1
		case r >= firstFullWidth && r <= lastFullWidth:
			return r - firstFullWidth + '!'
		}
		return r
	}, s)
}

const (
	minus                         = '\u2212'
	firstFullWidth, lastFullWidth = '\uff01', '\uff5e'
)

// digit is what a decimal digit of any script is worth. Unicode gives the ten of
// a script one after the other, so their ranges are whole tens (Unicode Standard,
// section 4.6).
func digit(r rune) (rune, bool) {
	if r <= unicode.MaxASCII {
		return r, r >= '0' && r <= '9'
	}
	for _, t := range unicode.Nd.R16 {
		if lo := rune(t.Lo); r >= lo && r <= rune(t.Hi) {
			return '0' + (r-lo)%10, true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if lo := rune(t.Lo); r >= lo && r <= rune(t.Hi) {
			return '0' + (r-lo)%10, true
		}
	}
	return r, false
}
