package recovery

import (
	"slices"
	"strings"
)

// A browser that several people use has a mark of each in its device cookie, the
// last used first: the token that it is known by, and behind a dot the one that
// skips the second factor, where its owner wanted that.
const (
	maxMarks  = 6 // people who share a browser and are all known there
	maxToken  = 64
	nextMark  = "~"
	skipToken = "."
)

type mark struct{ known, skips string }

// marks reads a device cookie. What cannot be a mark is left out.
func marks(cookie string) []mark {
	var out []mark
	for part := range strings.SplitSeq(cookie, nextMark) {
		known, skips, _ := strings.Cut(part, skipToken)
		if known == "" || len(known) > maxToken || len(skips) > maxToken {
			continue
		}
		if out = append(out, mark{known, skips}); len(out) == maxMarks {
			break
		}
	}
	return out
}

// remark is a device cookie with a mark in front, and without the one before it of
// the same person.
func remark(cookie string, first mark) string {
	all := slices.DeleteFunc(marks(cookie), func(m mark) bool { return m.known == first.known })
	all = append([]mark{first}, all[:min(len(all), maxMarks-1)]...)
	var parts []string
	for _, m := range all {
		if m.skips != "" {
			m.known += skipToken + m.skips
		}
		parts = append(parts, m.known)
	}
	return strings.Join(parts, nextMark)
}
