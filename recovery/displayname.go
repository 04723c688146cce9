package recovery

import (
	"cmp"
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxDisplayName bounds the name people are shown by, in characters.
const MaxDisplayName = 80

// ErrBadDisplayName says that a name cannot be shown.
var ErrBadDisplayName = errors.New("this name cannot be shown: use at most 80 letters, digits, blanks and marks")

// Shown is the name people and apps are shown: the display name, else the user
// name.
func (a *Account) Shown() string { return cmp.Or(a.DisplayName, a.Name) }

// CheckDisplayName reads a name to be shown: any script, one line, without what is
// not seen or turns the direction of what follows. Empty is no name. It goes into a
// header, so [Account.Shown] is all that apps may rely on.
func CheckDisplayName(typed string) (string, error) {
	name := norm.NFC.String(strings.Join(strings.Fields(typed), " "))
	if !utf8.ValidString(name) || utf8.RuneCountInString(name) > MaxDisplayName || strings.ContainsFunc(name, unshown) {
		return "", ErrBadDisplayName
	}
	return name, nil
}

// unshown finds what nobody sees, or what moves other letters: controls, marks of
// direction, and characters without a meaning that everybody shares.
func unshown(r rune) bool {
	return r != ' ' && !unicode.IsGraphic(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Co, r) || unicode.Is(unicode.Zs, r) && r != ' '
}
