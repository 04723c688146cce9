package lint

import (
	"strconv"
	"strings"
)

// maxContacts is how many contacts are told apart. Who has more is judged as
// if they were so many: contacts are alike, and no way asks for more.
const maxContacts = 5

// word splits "contact*2" into name and count. A count that is none is 0.
func word(s string) (name string, count int) {
	name, n, found := strings.Cut(s, "*")
	if !found {
		return s, 1
	}
	count, err := strconv.Atoi(n)
	if err != nil || count < 1 || count > maxContacts {
		return name, 0
	}
	return name, count
}

// counted reads a word of any number; more contacts than are told apart are so
// many.
func counted(w string) (name string, n int) {
	name, text, found := strings.Cut(w, "*")
	if !found {
		return name, 1
	}
	n, _ = strconv.Atoi(text)
	return name, min(n, maxContacts)
}
