package recovery

import (
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// HostCookie is what a browser shows a further host for its session. It is no
// session of its own: it ends with the row that it names. It opens this one host,
// and it cannot be made of the store and the root keys: for that the token of the
// session is needed, which only the browser has and shows only to the portal.
type HostCookie struct {
	Account string `json:"a"`
	Session string `json:"s"` // id
	Host    string `json:"h"` // [hostMark] of the origin: every cookie has the same length
	Value   string `json:"v"` // [hostValue] of the session's token
}

const (
	hostCookie = "host"

	maxHostCookie = 512
)

// NewHostCookie is the cookie of an origin (https://photos.example.com) for the
// session behind a session cookie.
func NewHostCookie(session *Session, cookie, origin string) HostCookie {
	return HostCookie{Account: cookie[:IDSize], Session: session.ID, Host: hostMark(origin), Value: hostValue(cookie[IDSize:])}
}

// hostMark stands for an origin in a cookie: 128 bits of its sum.
func hostMark(origin string) string { return secret.Sum(origin)[:IDSize] }

// Seal is the value of the cookie.
func (c HostCookie) Seal(k *secret.Keys) (string, error) { return k.SealCookie(hostCookie, c) }

// For tells whether the cookie is that of an origin.
func (c HostCookie) For(origin string) bool { return c.Host == hostMark(origin) }

// OpenHostCookie reads the cookie of an origin. False: it is none, that of another
// origin, or of a key that is not here.
func OpenHostCookie(k *secret.Keys, value, origin string) (c HostCookie, ok bool) {
	if k == nil || len(value) > maxHostCookie || !k.UnsealCookie(hostCookie, value, &c) {
		return HostCookie{}, false
	}
	return c, c.For(origin)
}

// HostSession finds the live session of a cookie. old tells that its token has
// been replaced since the cookie was made.
func (a *Account) HostSession(c HostCookie, now time.Time) (s *Session, old bool) {
	s = a.SessionByID(c.Session, now)
	if s == nil || a.ID != c.Account {
		return nil, false
	}
	sum := secret.Sum(c.Value)
	switch {
	case same(s.Host, sum):
		return s, false
	case same(s.HostBefore, sum):
		return s, true
	}
	return nil, false
}
