package recovery

import (
	"slices"
	"strings"
	"unicode"
)

// MaxLabel is how many characters a name of a browser or passkey has at most.
const MaxLabel = 40

// Label makes such a name of what somebody typed: one line of plain text,
// cut at [MaxLabel] characters. Empty takes the name away.
func Label(typed string) string {
	plain := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1 // also what turns the direction of writing
		}
		return r
	}, strings.ToValidUTF8(typed, ""))
	runes := []rune(strings.Join(strings.Fields(plain), " "))
	return strings.TrimSpace(string(runes[:min(len(runes), MaxLabel)]))
}

// Rename names a known browser; false: it is not known.
func (a *Account) Rename(id, typed string) bool {
	i := slices.IndexFunc(a.Devices, func(d Device) bool { return d.ID == id })
	if i >= 0 {
		a.Devices[i].Label = Label(typed)
	}
	return i >= 0
}
