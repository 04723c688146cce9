package recovery

import (
	"errors"
	"fmt"
	"strings"
)

// PersonPrefix stands in front of a user name where a bare word is a group.
const PersonPrefix = "user:"

// Errors of names that would mean a person and a group (ASVS 5.0 8.2.1).
var (
	// ErrBadGroup says that a group cannot be called so.
	ErrBadGroup = errors.New("this is no name for a group: use letters and digits")
	// ErrIsGroup says that a person is to be called as a group is.
	ErrIsGroup = errors.New("this is the name of a group: choose another one")
	// ErrIsPerson says that a group is to be called as a person is.
	ErrIsPerson = errors.New("this group has the name of a person: choose another one")
)

// CanonicalGroup compares the names of groups with those of people. A group is
// called as people may be, so without a comma or colon: apps get the groups in one
// header with commas between.
func CanonicalGroup(name string) (string, error) {
	n, err := CanonicalName(name)
	if err != nil {
		return "", fmt.Errorf("%q: %w", name, ErrBadGroup)
	}
	return n, nil
}

// Rule reads a word that says who may pass: the bare name of a group as it is, or
// user: and a user name, which comes back in its canonical form.
func Rule(word string) (string, error) {
	name, person := strings.CutPrefix(word, PersonPrefix)
	if !person {
		if word == "" || strings.ContainsAny(word, ":, \t\r\n") {
			return "", fmt.Errorf("%q is no name of a group: write a group, or user:NAME for a person", word)
		}
		return word, nil
	}
	n, err := CanonicalName(name)
	if err != nil {
		return "", fmt.Errorf("%q names nobody: write user:NAME for a person", word)
	}
	return PersonPrefix + n, nil
}

// Rules lists the words of [Rule] that fit an account.
func (a *Account) Rules() []string {
	var out []string
	if n, err := CanonicalName(a.Name); err == nil {
		out = append(out, PersonPrefix+n)
	}
	for _, g := range a.Groups {
		if !strings.HasPrefix(g, PersonPrefix) {
			out = append(out, g)
		}
	}
	return out
}
