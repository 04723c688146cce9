package guard

import (
	"crypto/sha256"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// claim is what a cookie or an access key says of itself, before the store is
// asked.
type claim struct {
	account string
	access  bool                // it is an access key
	sum     string              // of the key's secret or the session's token; empty: it is the cookie of a further host
	cookie  recovery.HostCookie // then
	host    string              // then
}

// claimOf reads a cookie; with a host, the cookie of that further host, which is
// opened here, and only when nothing is known of it yet.
func claimOf(keys *secret.Keys, cookie, host string) (c claim, ok bool) {
	if host == "" {
		c.account, c.sum = recovery.SplitSession(cookie)
		return c, c.account != ""
	}
	c.host = host
	c.cookie, ok = recovery.OpenHostCookie(keys, cookie, host)
	c.account = c.cookie.Account
	return c, ok && len(c.account) == recovery.IDSize
}

// maxCookie is the longest cookie that is looked at.
const maxCookie = 512

// cookieKey names a cookie in the cache, by its sum. False: that cannot be a
// cookie of ours.
func cookieKey(cookie, host string) (key [32]byte, ok bool) {
	if host != "" {
		return hostKey(cookie)
	}
	if len(cookie) != recovery.SessionSize {
		return key, false
	}
	var raw [recovery.SessionSize]byte // on the stack, unlike []byte(cookie)
	copy(raw[:], cookie)
	return sha256.Sum256(raw[:]), true
}

func hostKey(cookie string) (key [32]byte, ok bool) {
	if len(cookie) <= recovery.SessionSize || len(cookie) > maxCookie {
		return key, false
	}
	var raw [maxCookie]byte
	return sha256.Sum256(raw[:copy(raw[:], cookie)]), true
}

// keyClaim reads an access key.
func keyClaim(key string) (c claim, ok bool) {
	c.account, c.sum = recovery.SplitKey(key)
	c.access = true
	return c, c.account != ""
}

// accessKeyKey is cookieKey for an access key.
func accessKeyKey(access string) (key [32]byte, ok bool) {
	if len(access) != recovery.KeySize {
		return key, false
	}
	var raw [recovery.KeySize]byte
	copy(raw[:], access)
	return sha256.Sum256(raw[:]), true
}
