package method

import (
	"net"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"

	"github.com/caddy-sparekey/sparekey/recovery"
)

const (
	own       = "sparekey"
	spare     = 3 // characters beside a word of the place that make no password of it
	shortWord = 3 // characters; a shorter word is in too many passwords
)

// wordsOfPlace lists what somebody who wants in tries first: the account's name,
// addresses with their parts and numbers, what people call the place, its host,
// and our own name (ASVS 5.0, 6.2.11).
func wordsOfPlace(t recovery.Try) []string {
	words := []string{own, t.Account.Name, t.Policy.Site}
	host, _, err := net.SplitHostPort(t.Client.Host)
	if err != nil {
		host = t.Client.Host
	}
	words = append(words, host)
	words = append(words, parts(host)...)
	for _, a := range t.Account.Addresses {
		words = append(words, a.Value, strings.TrimLeft(a.Value, "+0"))
		words = append(words, parts(a.Value)...)
	}
	return words
}

// parts are the words of an address or host: "ana", "smith", "example" and "org".
func parts(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// likeAnyOf tells whether a password is one of these words and at most [spare]
// characters more, whatever their case.
func likeAnyOf(typed string, words []string) bool {
	folded := cases.Fold().String(typed)
	for _, w := range words {
		w = cases.Fold().String(w)
		n := utf8.RuneCountInString(w)
		if n >= shortWord && utf8.RuneCountInString(folded)-n <= spare && strings.Contains(folded, w) {
			return true
		}
	}
	return false
}

// likeName tells whether too little is left of a password without the name of its
// account.
func likeName(typed, name string, shortest int) bool {
	folded := cases.Fold().String(typed)
	return name != "" && strings.Contains(folded, cases.Fold().String(name)) && utf8.RuneCountInString(typed) < utf8.RuneCountInString(name)+shortest
}
