package web

import (
	"net/http"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
)

const authorization = "Authorization"

// stripKeys takes access keys off a request, right or wrong, so that no app and
// no log behind us ever sees one. Other credentials stay as they were: they are
// the app's.
func stripKeys(h http.Header) {
	lines, ok := h[authorization]
	if !ok {
		return
	}
	for _, line := range lines {
		if holdsKey(line) {
			withoutKeys(h, lines)
			return
		}
	}
}

func withoutKeys(h http.Header, lines []string) {
	var kept []string
	for _, line := range lines {
		if !holdsKey(line) {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		delete(h, authorization)
		return
	}
	h[authorization] = kept
}

// holdsKey tells whether a line of Authorization holds what begins as an access
// key does, whatever its scheme: a key that is cut off is one too.
func holdsKey(line string) bool {
	for at := 0; ; {
		i := strings.Index(line[at:], recovery.KeyPrefix)
		if i < 0 {
			break
		}
		if at += i; at == 0 || !tokenLetter(line[at-1]) {
			return true
		}
		at++
	}
	line = strings.TrimLeft(line, " \t")
	const basic = "basic"
	return len(line) > len(basic) && strings.EqualFold(line[:len(basic)], basic) && basicHolds(line[len(basic):])
}

// basicHolds tells whether the user name or password of Basic credentials begins
// as an access key does. It decodes them as carelessly as any app may, and
// allocates nothing: it sees the app's own credentials with each request.
func basicHolds(encoded string) bool {
	var bits, n, met uint // met: letters of the prefix so far
	begins := true        // as the prefix does
	for i := range len(encoded) {
		v, ok := sextet(encoded[i])
		if !ok {
			continue
		}
		if bits, n = bits<<6|v, n+6; n < 8 {
			continue
		}
		n -= 8
		switch c := byte(bits >> n); {
		case c == ':':
			begins, met = true, 0
		case begins && c == recovery.KeyPrefix[met]:
			if met++; met == uint(len(recovery.KeyPrefix)) {
				return true
			}
		default:
			begins = false
		}
	}
	return false
}

// sextet is what a letter of base64 stands for, in either alphabet.
func sextet(c byte) (uint, bool) {
	switch {
	case 'A' <= c && c <= 'Z':
		return uint(c - 'A'), true
	case 'a' <= c && c <= 'z':
		return uint(c-'a') + 26, true
	case '0' <= c && c <= '9':
		return uint(c-'0') + 52, true
	case c == '+' || c == '-':
		return 62, true
	case c == '/' || c == '_':
		return 63, true
	}
	return 0, false
}

// tokenLetter tells whether a letter is part of a token: what follows it there
// is no beginning.
func tokenLetter(c byte) bool {
	return alphanumeric(c) || c == '-' || c == '_' || c == '.' || c == '~' || c == '+' || c == '/'
}
