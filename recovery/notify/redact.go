package notify

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	masked = "***"
	// maxReason bounds what a foreign server can write into our log, in runes.
	maxReason = 300
)

// redact makes the words of a foreign server fit for the log: one line, not
// long, and *** for every secret it repeats, in upper or lower case.
func redact(text string, secrets ...string) string {
	text = strings.ToValidUTF8(text, "?")
	// Longest first: a link must go before the code that is part of it.
	secrets = slices.Clone(secrets)
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, s := range secrets {
		if s = strings.ToValidUTF8(s, "?"); s != "" {
			text = regexp.MustCompile("(?i)"+regexp.QuoteMeta(s)).ReplaceAllLiteralString(text, masked)
		}
	}
	return shorten(strings.Map(printable, text))
}

func printable(r rune) rune {
	if unicode.IsPrint(r) {
		return r
	}
	return ' '
}

func shorten(s string) string {
	if utf8.RuneCountInString(s) <= maxReason {
		return s
	}
	return string([]rune(s)[:maxReason]) + "…"
}

// maskTo leaves of an address what an operator needs to recognise it:
// a***@example.org, +33***78.
func maskTo(to string) string {
	if to == "" {
		return ""
	}
	if at := strings.LastIndexByte(to, '@'); at > 0 {
		_, size := utf8.DecodeRuneInString(to)
		return redact(to[:size] + masked + to[at:])
	}
	if strings.HasPrefix(to, "+") && len(to) >= 8 {
		return redact(to[:3] + masked + to[len(to)-2:])
	}
	return masked
}

// secretsOf lists what an error about a message must not repeat: its address,
// the part of it before the @, and the values it was rendered from. The token
// of a link counts by itself, since a server may repeat only the end of a line.
func secretsOf(to string, vars map[string]string) []string {
	secrets := []string{to}
	if at := strings.LastIndexByte(to, '@'); at >= minSecret {
		secrets = append(secrets, to[:at])
	}
	for name, value := range vars {
		if slices.Contains([]string{"site", "host", "event", "minutes", "hours"}, name) {
			continue // on every page, and often part of the mail server's name
		}
		secrets = appendSecret(secrets, value)
		if i := strings.IndexAny(value, "#?"); i >= 0 {
			secrets = appendSecret(secrets, value[i+1:])
		}
	}
	return secrets
}

// minSecret is the shortest value hidden, in bytes. Shorter ones ("5" minutes)
// would turn every error into stars; our shortest code has six digits.
const minSecret = 4

func appendSecret(secrets []string, value string) []string {
	if len(value) < minSecret {
		return secrets
	}
	return append(secrets, value)
}
