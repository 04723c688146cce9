package recovery

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// lookLike are letters that are taken for others at a glance: of other scripts, or
// with a stroke. What is not here is taken for itself.
const lookLike = "аaеeоoрpсcуyхxіlїlјjѕsһhԁdԛqԝwкkмmтtвbнhгrпnиuзeьbαaοoνvρpτtυuιlκkχxγyϲcωwβbηnμuεeσoіlıløołlđdħhŧtɑaɡgʟlıl0o1lil"

// Look is what a name looks like at a glance: two names with one look can be taken
// for each other. It only refuses: nobody is found by it.
func Look(name string) string {
	canonical, err := CanonicalName(name)
	if err != nil {
		canonical = strings.ToLower(name)
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(canonical) {
		if unicode.IsMark(r) || strings.ContainsRune("._-'", r) {
			continue
		}
		b.WriteRune(glance(r))
	}
	return strings.NewReplacer("rn", "m", "vv", "w").Replace(b.String())
}

// glance is the letter that another one is taken for.
func glance(r rune) rune {
	pairs := []rune(lookLike)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == r {
			return pairs[i+1]
		}
	}
	return r
}
