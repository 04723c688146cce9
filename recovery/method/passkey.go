package method

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Passkey is a key pair in a device, a security key or a password manager
// (WebAuthn). It answers a challenge of 32 bytes that ends after two minutes and is
// good once, at one exact origin (MF-10). One that asked its owner for a finger or a
// number when it was made has to do so ever after.
type Passkey struct {
	Keys *secret.Keys // for what the sign-in page asks
}

const (
	challengeSize = 32
	challengeLife = 2 * time.Minute
)

// passkeyOffer is an enrolment that has begun.
type passkeyOffer struct {
	Challenge []byte          `json:"challenge"`
	Until     time.Time       `json:"until"`
	Origin    string          `json:"origin"`
	Options   json.RawMessage `json:"options"`
}

// Traits implements recovery.Method.
func (Passkey) Traits() recovery.Traits {
	return recovery.Traits{
		Name: recovery.Passkey, Source: "passkey", Class: recovery.ClassHeld, Factor: true, First: true, Several: true, Script: true, Silent: true,
		Throttle: recovery.ThrottleFlow, Page: recovery.PageFactor, Wrong: recovery.ProblemPasskey,
	}
}

// Ready implements recovery.Method. One in doubt is not asked for.
func (Passkey) Ready(a *recovery.Account, _ time.Time) bool {
	return slices.ContainsFunc(Passkeys(a), func(p OwnedPasskey) bool { return p.Row.Doubt == "" })
}

// Here implements recovery.Local.
func (Passkey) Here(c recovery.Client) bool { return c.Passkeys.Here() }

// AtHome implements recovery.AtHome.
func (Passkey) AtHome(a *recovery.Account, c recovery.Client) bool {
	return c.Passkeys.Here() && slices.ContainsFunc(passkeysAt(a, c.Passkeys), func(p OwnedPasskey) bool { return p.Row.Doubt == "" })
}

// Challenge implements recovery.Challenger.
func (Passkey) Challenge(t recovery.Try) (recovery.Challenge, *recovery.Message, error) {
	return recovery.Challenge{Code: newChallenge(), Origin: t.Passkeys.Origin, At: t.Now, Expires: t.Now.Add(challengeLife)}, nil, nil
}

func newChallenge() []byte {
	b := make([]byte, challengeSize)
	rand.Read(b)
	return b
}

// Verify implements recovery.Method.
func (m Passkey) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	c, sent := t.Flow.Challenges[recovery.Passkey]
	if !sent && len(t.Flow.Proofs) == 0 {
		return m.verifyAsked(t), nil
	}
	switch {
	case !c.Live(t.Now):
		return recovery.Verdict{Problem: recovery.NewProblem(recovery.ProblemPasskeyLate)}, nil
	case c.Origin != t.Passkeys.Origin: // begun on another host, which may be somebody else's
		return recovery.Verdict{}, nil
	}
	return CheckPasskey(t, c.Code), nil
}

// CheckPasskey looks at an assertion for a challenge, wherever that was kept.
func CheckPasskey(t recovery.Try, challenge []byte) recovery.Verdict {
	got, err := shown(t.Passkeys, challenge, t.Account, string(t.Input.Code))
	if err != nil {
		return recovery.Verdict{}
	}
	return judgePasskey(got, t.Now, t.Browser)
}

// judgePasskey decides on an assertion whose signature is right. A counter that does not
// rise and a changed BE leave their mark, which their owner hears of (MF-11).
func judgePasskey(got seen, now time.Time, browser string) recovery.Verdict {
	row := got.credential.Row
	doubt := func(d Doubt, problem string, tell recovery.EventName) recovery.Verdict {
		return recovery.Verdict{Problem: recovery.NewProblem(problem), Tell: tell, Note: func(a *recovery.Account) bool {
			return editPasskey(a, got.credential.ID, func(p *PasskeyRow) bool {
				p.Doubt = d
				return true
			})
		}}
	}
	switch {
	case row.Doubt != "":
		return recovery.Verdict{Problem: recovery.NewProblem(recovery.ProblemPasskeyDoubt)}
	case row.Verified && !got.verified:
		return recovery.Verdict{Problem: recovery.NewProblem(recovery.ProblemPasskeyUnverified)}
	case !rises(row.Count, got.count):
		return doubt(DoubtCopied, recovery.ProblemPasskeyCopied, recovery.EventPasskeyCopied)
	case row.Eligible != got.eligible:
		return doubt(DoubtChanged, recovery.ProblemPasskeyChanged, recovery.EventPasskeyChanged)
	}
	return recovery.Verdict{
		OK: true, Credential: got.credential.ID, Version: got.credential.Version, Alone: row.Alone() && got.verified,
		Problem: recovery.NewProblem(recovery.ProblemPasskey), // what is said of one that was used meanwhile
		Claim:   func(a *recovery.Account) error { return claimPasskey(a, got, now, browser) },
	}
}

// rises tells whether a counter went on. Those that do not count say zero for ever.
func rises(before, now uint32) bool { return now > before || now == 0 && before == 0 }

// claimPasskey writes that the passkey was used: of two answers with one counter one
// passes.
func claimPasskey(a *recovery.Account, got seen, now time.Time, browser string) error {
	done := editPasskey(a, got.credential.ID, func(p *PasskeyRow) bool {
		if p.Doubt != "" || !rises(p.Count, got.count) {
			return false
		}
		p.Count, p.Copied = got.count, got.copied
		p.Used, p.Where = now.UTC().Truncate(24*time.Hour), browser
		return true
	})
	if !done {
		return recovery.ErrUsed
	}
	return nil
}

// Settle implements recovery.Settler: a passkey whose BE has changed is what it is
// now, once another proof was shown. It is made so by the next time it is used.
func (Passkey) Settle(a *recovery.Account, shown []recovery.Proof) {
	other := func(credential string) bool {
		return slices.ContainsFunc(shown, func(p recovery.Proof) bool { return p.Credential != credential })
	}
	for _, p := range Passkeys(a) {
		if p.Row.Doubt == DoubtChanged && other(p.ID) {
			editPasskey(a, p.ID, func(row *PasskeyRow) bool {
				row.Doubt, row.Eligible = "", !row.Eligible
				return true
			})
		}
	}
}

// Doubted implements recovery.Settler.
func (Passkey) Doubted(c recovery.Credential) bool {
	row, ok := readPasskey(c)
	return ok && row.Doubt != ""
}

// Vindicate implements recovery.Settler. The counter begins anew: a copy may have
// raised it.
func (Passkey) Vindicate(a *recovery.Account, credential string) {
	editPasskey(a, credential, func(row *PasskeyRow) bool {
		if row.Doubt == DoubtChanged {
			row.Eligible = !row.Eligible
		}
		row.Doubt, row.Count = "", 0
		return true
	})
}

// EnrollPage implements recovery.Enroller.
func (Passkey) EnrollPage() string { return recovery.PageEnroll }

// Offer implements recovery.Enroller.
func (Passkey) Offer(t recovery.Try) (json.RawMessage, error) {
	o := passkeyOffer{Challenge: newChallenge(), Origin: t.Passkeys.Origin, Until: t.Now.Add(challengeLife)}
	var held []OwnedPasskey
	if t.Flow.Session != "" { // a recovery drops what there was
		held = passkeysAt(t.Account, t.Passkeys)
	}
	who := &recovery.Account{ID: t.Account.ID, Name: t.Flow.Name}
	if t.Account.Name != "" {
		who.Name = t.Account.Name
	}
	o.Options = PasskeyCreation(t.Passkeys, o.Challenge, who, held)
	return pack(o), nil
}

// Good implements recovery.Timed.
func (Passkey) Good(offered []byte, t recovery.Try) bool {
	var o passkeyOffer
	return json.Unmarshal(offered, &o) == nil && t.Now.Before(o.Until) && o.Origin == t.Passkeys.Origin
}

// PasskeyOffered is what the page of an enrolment gives to the browser, and until
// when; empty: there is none.
func PasskeyOffered(offered json.RawMessage) (options string, until time.Time) {
	var o passkeyOffer
	if json.Unmarshal(offered, &o) != nil {
		return "", time.Time{}
	}
	return string(o.Options), o.Until
}

// Confirm implements recovery.Enroller.
func (m Passkey) Confirm(_ context.Context, t recovery.Try, offered json.RawMessage) (json.RawMessage, *recovery.Problem, error) {
	var o passkeyOffer
	switch {
	case len(offered) == 0 || json.Unmarshal(offered, &o) != nil:
		return nil, recovery.NewProblem(recovery.ProblemFlowExpired), nil
	case t.Input.Code == "":
		return nil, recovery.NewProblem(recovery.ProblemPasskeyScript), nil
	case !m.Good(offered, t):
		return nil, recovery.NewProblem(recovery.ProblemPasskeyLate), nil
	}
	row, err := created(t.Passkeys, o.Challenge, t.Account.ID, string(t.Input.Code))
	if err != nil {
		return nil, recovery.NewProblem(recovery.ProblemPasskeyMade), nil
	}
	return m.keep(t, row)
}

// keep holds a new passkey to the limits of an account.
func (Passkey) keep(t recovery.Try, row PasskeyRow) (json.RawMessage, *recovery.Problem, error) {
	row.Where, row.Used = t.Browser, t.Now.UTC().Truncate(24*time.Hour)
	data := pack(row)
	held := Passkeys(t.Account)
	if t.Flow.Session == "" {
		held = nil
	}
	switch {
	case len(row.ID) > maxPasskeyID || len(data) > maxPasskeySize:
		return nil, recovery.NewProblem(recovery.ProblemPasskeyLarge), nil
	case len(held) >= MaxPasskeys:
		return nil, recovery.NewProblem(recovery.ProblemPasskeyMany), nil
	case slices.ContainsFunc(held, func(p OwnedPasskey) bool { return string(p.Row.ID) == string(row.ID) }):
		return nil, recovery.NewProblem(recovery.ProblemPasskeyHeld), nil
	}
	return data, nil, nil
}

// Places implements recovery.Placed. One that never leaves its device is in a phone,
// in a laptop, or a security key, as far as it and its browser tell.
func (Passkey) Places(a *recovery.Account) []string {
	var out []string
	verified := false
	for _, p := range Passkeys(a) {
		verified = verified || p.Row.Alone()
		if word := p.Row.place(); !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	if verified {
		out = append(out, "verified")
	}
	return out
}

// Alone implements recovery.Sole. Two that sync may be in one cloud account.
func (Passkey) Alone(a *recovery.Account) (n int, apart bool) {
	synced := 0
	for _, p := range Passkeys(a) {
		if p.Row.Alone() {
			n++
			if p.Row.Eligible {
				synced++
			}
		}
	}
	return n, n-synced+min(synced, 1) > 1
}
