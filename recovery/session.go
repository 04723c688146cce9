package recovery

import (
	"crypto/subtle"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Session is a signed-in browser. It is a row of the account and not a record
// of its own, so that the write that replaces a credential also ends sessions.
type Session struct {
	ID         string    `json:"id"`
	TokenHash  string    `json:"sum"` // of the session cookie
	Device     string    `json:"device"`
	Generation uint64    `json:"generation"`
	Browser    string    `json:"browser"`
	Created    time.Time `json:"created"`
	Seen       time.Time `json:"seen"`
	Idle       int64     `json:"idle"` // seconds without a request after which it ends
	End        time.Time `json:"end"`  // ends then even if it is in use
	Proofs     []Proof   `json:"proofs"`
	Fresh      time.Time `json:"fresh,omitzero"`  // last strong proof given in it
	Second     time.Time `json:"second,omitzero"` // last second factor shown in it after the sign-in
	Keep       bool      `json:"keep,omitempty"`  // the cookie outlives the browser
	Near       bool      `json:"near,omitempty"`  // one factor was shown of two, which is enough in some networks
	// Before is the sum of the token that was replaced last. Requests of the page
	// that were under way still come with it, until BeforeUntil.
	Before      string    `json:"before,omitempty"`
	BeforeUntil time.Time `json:"before_until,omitzero"`
	// Host is the sum of what the cookies of further hosts hold, and HostBefore
	// that of the token which was replaced last; see [HostCookie]. Sessions of
	// before there were such cookies get it with the first one.
	Host       string `json:"host,omitempty"`
	HostBefore string `json:"host_before,omitempty"`
}

// renewGrace is how long a replaced token is still good. Requests that a browser
// had sent before it read the answer are here by then.
const renewGrace = 10 * time.Second

// Session finds a live session by the sum of its token, or of the one before it
// while that is good.
func (a *Account) Session(sum string, now time.Time) *Session {
	for i := range a.Sessions {
		if s := &a.Sessions[i]; s.GoesBy(sum, now) && a.live(s, now) {
			return s
		}
	}
	return nil
}

// SessionByID finds a live session by its id.
func (a *Account) SessionByID(id string, now time.Time) *Session {
	for i := range a.Sessions {
		if s := &a.Sessions[i]; s.ID == id && a.live(s, now) {
			return s
		}
	}
	return nil
}

func (a *Account) live(s *Session, now time.Time) bool {
	return a.State == StateActive && s.Generation == a.Generation &&
		now.Before(s.End) && now.Before(s.Seen.Add(time.Duration(s.Idle)*time.Second))
}

// newest keeps the n that were used last of the sessions that are near, or of those
// that are not, and names the browsers of the others.
func (a *Account) newest(near bool, n int) (gone []Thing) {
	var used []Session
	for _, s := range a.Sessions {
		if s.Near == near {
			used = append(used, s)
		}
	}
	if len(used) <= n {
		return nil
	}
	slices.SortStableFunc(used, func(x, y Session) int { return y.Seen.Compare(x.Seen) })
	a.Sessions = slices.DeleteFunc(a.Sessions, func(s Session) bool {
		return slices.ContainsFunc(used[n:], func(old Session) bool { return old.ID == s.ID })
	})
	for _, s := range used[n:] {
		gone = append(gone, called("", s.Browser))
	}
	return gone
}

// GoesBy tells whether a sum is that of the session's token, or of the one before
// it while that is good.
func (s *Session) GoesBy(sum string, now time.Time) bool {
	own := subtle.ConstantTimeCompare([]byte(s.TokenHash), []byte(sum))
	before := subtle.ConstantTimeCompare([]byte(s.Before), []byte(sum))
	return own == 1 || before == 1 && sum != "" && now.Before(s.BeforeUntil)
}

// Replaced tells whether a sum is not that of the session's token any more.
func (s *Session) Replaced(sum string) bool { return sum != s.TokenHash }

// EndFor is when the session ends for who comes with a token.
func (s *Session) EndFor(sum string) time.Time {
	if s.Replaced(sum) && s.BeforeUntil.Before(s.End) {
		return s.BeforeUntil
	}
	return s.End
}

// Is tells whether a flow began in the session. Flows of earlier versions name it
// by its token.
func (s *Session) Is(named string) bool {
	return named != "" && (s.ID == named || s.TokenHash == named)
}

// renew replaces the token. The one before is good for a moment more, and cookies
// of further hosts that came of it until it is replaced again.
func (s *Session) renew(token string, now time.Time) {
	s.Before, s.BeforeUntil, s.TokenHash, s.Seen = s.TokenHash, now.Add(renewGrace), secret.Sum(token), now
	s.HostBefore, s.Host = s.Host, HostSum(token)
}

// AccountKey names the record of an account.
func AccountKey(id string) string { return "account/" + id }

// SessionSize is the length of a session cookie: the id of the account and a token
// of 32 bytes (TK-01), so that a session is found by reading its account.
const SessionSize = IDSize + 43

// JoinSession makes the value of a session cookie.
func JoinSession(account, token string) string { return account + token }

// SplitSession returns the account id and the sum of the token; empty for
// anything that cannot be a session cookie (HD-04).
func SplitSession(cookie string) (id, sum string) {
	if len(cookie) != SessionSize || !base64URL(cookie) {
		return "", ""
	}
	return cookie[:IDSize], secret.Sum(cookie[IDSize:])
}

// TouchAfter is how old the written last use may be: five minutes, or less
// when sessions end sooner than that.
func TouchAfter(idle time.Duration) time.Duration { return min(5*time.Minute, idle/4) }

// hostValue is what the token of a session gives to cookies of further hosts.
func hostValue(token string) string { return secret.Derive(token, "host") }

// HostSum is what the row of the session keeps of that.
func HostSum(token string) string { return secret.Sum(hostValue(token)) }

// same compares a sum with one that is kept; none is kept when it is empty.
func same(kept, sum string) bool {
	return kept != "" && subtle.ConstantTimeCompare([]byte(kept), []byte(sum)) == 1
}
