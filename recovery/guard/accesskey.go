package guard

import (
	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// WrongKey stands in a question for an access key that is refused whatever it is.
const WrongKey = recovery.KeyPrefix

// keyed tells whether an access key is looked at: every reading of the path is one
// that the rules open for keys. Then it alone decides, and no cookie beside it.
func (q *Question) keyed() bool { return q.Rules.OfKeys() && within(q.Paths, q.Rules.Keys) }

// nobody is why a request with a cookie or key that is none does not pass.
func (q *Question) nobody() Reason {
	if q.Key != "" {
		return DeniedKey
	}
	return DeniedAnonymous
}

// key names what decides, in the cache.
func (q *Question) key() (key [32]byte, ok bool) {
	if q.Key != "" {
		return accessKeyKey(q.Key)
	}
	return cookieKey(q.Cookie, q.Host)
}

// claim is what it says of itself.
func (q *Question) claim(keys *secret.Keys) (c claim, ok bool) {
	if q.Key != "" {
		return keyClaim(q.Key)
	}
	return claimOf(keys, q.Cookie, q.Host)
}

// hostOf is a host in the form in which keys have it; empty for what is none.
func hostOf(asked string) string {
	host, err := recovery.CanonicalHost(asked)
	if err != nil {
		return ""
	}
	return host
}
