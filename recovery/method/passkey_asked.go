package method

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// The challenge of the sign-in page is stored nowhere. What it was made for (end,
// origin, browser) is in its MAC. It does not say when it ends, so that its ends are
// on a grid, and all of those to come are tried.
const (
	askedLife = 5 * time.Minute
	askedGrid = 10 * time.Second
	askedSkew = time.Minute // between the clocks of several Caddys
)

// Named implements recovery.Namer: who made the passkey said whose it is.
func (Passkey) Named(in recovery.Input) string { return PasskeyOwner(string(in.Code)) }

// Ask implements recovery.Asker. What it asks is the same for everybody but for the
// challenge: a list would tell what somebody has (A04).
func (m Passkey) Ask(c recovery.Client, token string, now time.Time) (json.RawMessage, error) {
	if !c.Passkeys.Here() {
		return nil, nil
	}
	return PasskeyRequest(c.Passkeys, newAsked(m.Keys, c.Passkeys.Origin, token, now), nil, true), nil
}

// verifyAsked looks at the answer to what the sign-in page asked. The passkey has to
// stand for both factors: another one comes after the password.
func (m Passkey) verifyAsked(t recovery.Try) recovery.Verdict {
	challenge := challengeOf(string(t.Input.Code))
	ends := askedUntil(m.Keys, challenge, t.Client, t.Now)
	if ends.IsZero() {
		return recovery.Verdict{}
	}
	if lacks(t.Passkeys, t.Account, string(t.Input.Code)) {
		return recovery.Verdict{Problem: recovery.NewProblem(recovery.ProblemPasskeyGone)}
	}
	v := CheckPasskey(t, challenge)
	if v.OK && !v.Alone {
		return recovery.Verdict{Problem: recovery.NewProblem(recovery.ProblemPasskeySecond)}
	}
	v.Once = &recovery.Spent{ID: "passkey/" + base64.RawURLEncoding.EncodeToString(challenge), Until: ends}
	return v
}

// newAsked makes a challenge for a browser that holds a token.
func newAsked(keys *secret.Keys, origin, token string, now time.Time) []byte {
	return keys.Challenge(now.Truncate(askedGrid).Add(askedLife), origin, token)
}

// askedUntil is when a challenge ends that the sign-in page has shown to this browser,
// at this origin; zero: none has, or it has ended.
func askedUntil(keys *secret.Keys, challenge []byte, c recovery.Client, now time.Time) time.Time {
	first := now.Truncate(askedGrid).Add(askedGrid)
	for ends := first; !ends.After(now.Add(askedLife + askedSkew)); ends = ends.Add(askedGrid) {
		if slices.ContainsFunc(c.Flows, func(token string) bool {
			return keys.CheckChallenge(challenge, ends, c.Passkeys.Origin, token)
		}) {
			return ends
		}
	}
	return time.Time{}
}
