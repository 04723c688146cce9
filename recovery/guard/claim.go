package guard

import (
	"context"
	"crypto/sha256"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// claim is what a cookie or an access key says of itself, before the store is
// asked.
type claim struct {
	account string
	sum     string // of the session's token, or of the key's secret
	access  bool   // it is an access key
}

// key names a question in the cache: the sum of its access key or cookie. False:
// that cannot be one of ours.
func (q *Question) key() (key [32]byte, ok bool) {
	switch {
	case q.Key != "":
		return q.accessKey()
	case len(q.Cookie) != recovery.SessionSize:
		return key, false
	}
	var raw [recovery.SessionSize]byte // on the stack, unlike []byte(q.Cookie)
	copy(raw[:], q.Cookie)
	return sha256.Sum256(raw[:]), true
}

// claim reads the access key or cookie.
func (g *Guard) claim(q *Question) (c claim, ok bool) {
	if q.Key != "" {
		c.account, c.sum = recovery.SplitKey(q.Key)
		c.access = true
		return c, c.account != ""
	}
	c.account, c.sum = recovery.SplitSession(q.Cookie)
	return c, c.account != ""
}

func (c claim) holder(ctx context.Context, accounts Accounts) (*recovery.Account, error) {
	if c.access {
		return accounts.KeyHolder(ctx, c.account, c.sum)
	}
	return accounts.Person(ctx, c.account)
}

// entry is what the cache knows of the session or key that is claimed; nil: there
// is none.
func (c claim) entry(g *Guard, a *recovery.Account, now time.Time) *entry {
	if c.access {
		return keyEntry(a, a.Key(c.sum, now), now)
	}
	return g.newEntry(a, c.sum, now)
}
