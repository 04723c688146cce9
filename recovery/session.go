package recovery

import (
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// AccountKey names the record of an account.
func AccountKey(id string) string { return "account/" + id }

// IDSize is the length of an account id: 16 random bytes as base64url. The
// session cookie is this id and a token of 32 bytes (TK-01), so that a session
// is found by reading its account.
const (
	IDSize      = 22
	SessionSize = IDSize + 43
)

// JoinSession makes the value of a session cookie.
func JoinSession(account, token string) string { return account + token }

// SplitSession returns the account id and the sum of the token; empty for
// anything that cannot be a session cookie (HD-04).
func SplitSession(cookie string) (id, sum string) {
	if len(cookie) != SessionSize {
		return "", ""
	}
	for i := range len(cookie) {
		c := cookie[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return "", ""
		}
	}
	return cookie[:IDSize], secret.Sum(cookie[IDSize:])
}

// TouchAfter is how old the written last use may be: five minutes, or less
// when sessions end sooner than that.
func TouchAfter(idle time.Duration) time.Duration { return min(5*time.Minute, idle/4) }
