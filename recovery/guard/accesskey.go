package guard

import (
	"crypto/sha256"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// WrongKey stands in a question for an access key that is refused whatever it is.
const WrongKey = recovery.KeyPrefix

// keyed tells whether an access key is looked at: every reading of the path is one
// that the rules open for keys. Then it alone decides, and no cookie beside it.
func (q *Question) keyed() bool { return q.Rules.OfKeys() && within(q.Paths, q.Rules.Keys) }

// nobody is the answer to a cookie or key that is none.
func (q *Question) nobody() Decision {
	if q.Key != "" {
		return Decision{Reason: DeniedKey}
	}
	return Decision{Reason: DeniedAnonymous}
}

func (q *Question) accessKey() (key [32]byte, ok bool) {
	if len(q.Key) != recovery.KeySize {
		return key, false
	}
	var raw [recovery.KeySize]byte
	copy(raw[:], q.Key)
	return sha256.Sum256(raw[:]), true
}

// keyForever stands for the end of a key that has none, and for its idle time: it
// fits into a duration.
const keyForever = 200 * 365 * 24 * time.Hour

// keyEntry is the entry of an access key; nil for none.
func keyEntry(a *recovery.Account, k *recovery.AccessKey, now time.Time) *entry {
	if k == nil {
		return nil
	}
	e := &entry{
		account: a.ID, key: kv.Sum(recovery.AccountKey(a.ID)), loaded: now, written: k.Used, idle: keyForever, end: k.End,
		identity: identityOf(a, now), access: k,
	}
	if k.End.IsZero() {
		e.end = now.Add(keyForever)
	}
	e.used.Store(now.UnixNano())
	e.rules, e.recovered, e.program = a.Rules(), a.RecoveredAt(now), true
	return e
}

// opens tells whether an access key is for what was asked: inside of what the
// rules open for keys, and of its own hosts and paths.
func (e *entry) opens(q Question) bool {
	k := e.access
	return q.keyed() && (len(k.Hosts) == 0 || k.On(hostOf(q.At))) && (len(k.Paths) == 0 || within(q.Paths, k.Paths))
}

// hostOf is a host in the form in which keys have it; empty for what is none.
func hostOf(asked string) string {
	host, err := recovery.CanonicalHost(asked)
	if err != nil {
		return ""
	}
	return host
}

// again is the entry today of what a request came with; nil: that has ended.
func (g *Guard) again(a *recovery.Account, s *Stream, now time.Time) *entry {
	if s.program {
		return keyEntry(a, a.KeyByID(s.session, now), now)
	}
	if row := a.SessionByID(s.session, now); row != nil { // its token may have been renewed
		return g.entryOf(a, row, now)
	}
	return nil
}
