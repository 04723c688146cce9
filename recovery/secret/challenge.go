package secret

import (
	"crypto/hmac"
	"crypto/rand"
	"slices"
	"strconv"
	"time"
)

// Sizes of a challenge, in bytes.
const (
	challengeRandom = 16
	challengeMAC    = 16
)

// Challenge makes one that nobody has to keep: random bytes, and a MAC with the
// newest key over those, when it ends, and the parts, which say whom it is for. A key
// of its own makes it, so that nothing else that is signed here can be taken for one.
func (k *Keys) Challenge(ends time.Time, parts ...string) []byte {
	random := make([]byte, challengeRandom)
	rand.Read(random)
	return append(random, k.now.Load().rings[0].challenged(random, ends, parts)...)
}

// CheckChallenge tells whether a challenge was made here with that end and those
// parts, by any of the keys. Whether the end has come is for the caller to see.
func (k *Keys) CheckChallenge(challenge []byte, ends time.Time, parts ...string) bool {
	if len(challenge) != challengeRandom+challengeMAC {
		return false
	}
	random, mac := challenge[:challengeRandom], challenge[challengeRandom:]
	return slices.ContainsFunc(k.now.Load().rings, func(r ring) bool {
		return hmac.Equal(mac, r.challenged(random, ends, parts))
	})
}

func (r ring) challenged(random []byte, ends time.Time, parts []string) []byte {
	head := []string{string(random), strconv.FormatInt(ends.Unix(), 10)}
	return sumOf(r.challenge, append(head, parts...))[:challengeMAC]
}
