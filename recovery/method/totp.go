package method

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"encoding/json"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// TOTP is the authenticator app (RFC 6238): SHA-1, 6 digits, 30 seconds,
// 160-bit secret, or what one that was brought along was made with; the previous, the current and the next step pass. Each step
// passes once per account, and the code that confirmed the enrolment counts as
// used (MF-08).
type TOTP struct{}

const (
	totpPeriod = 30
	totpSecret = 20  // bytes
	totpDrift  = 120 // steps: how far off a clock may be for the person to be told
)

type totpData struct {
	Secret string `json:"secret"` // base32, unpadded
	Last   int64  `json:"last"`   // highest step accepted
	totpKind
}

// Traits implements recovery.Method.
func (TOTP) Traits() recovery.Traits {
	return recovery.Traits{
		Name: recovery.TOTP, Source: "totp", Class: recovery.ClassHeld, Factor: true,
		Throttle: recovery.ThrottleCode, Page: recovery.PageFactor, Wrong: recovery.ProblemAuthenticator,
	}
}

// Ready implements recovery.Method.
func (TOTP) Ready(a *recovery.Account, _ time.Time) bool {
	return a.Credential(recovery.TOTP) != nil
}

// Verify implements recovery.Method. A wrong code says nothing of other steps:
// whoever guesses could otherwise try one code for all of an hour, and wait.
func (TOTP) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	c := t.Account.Credential(recovery.TOTP)
	var d totpData
	if c == nil || json.Unmarshal(c.Data, &d) != nil {
		return recovery.Verdict{}, nil
	}
	step, ok := d.match(string(t.Input.Code), t.Now, 1)
	if !ok {
		return recovery.Verdict{}, nil
	}
	id := c.ID
	return recovery.Verdict{OK: true, Credential: id, Version: c.Version, Claim: func(a *recovery.Account) error {
		return claimStep(a, id, step)
	}}, nil
}

// claimStep raises the highest step used, or returns that this one was used.
func claimStep(a *recovery.Account, id string, step int64) error {
	for i := range a.Credentials {
		c := &a.Credentials[i]
		if c.ID != id {
			continue
		}
		var d totpData
		if err := json.Unmarshal(c.Data, &d); err != nil || step <= d.Last {
			return recovery.ErrUsed
		}
		d.Last = step
		c.Data = pack(d)
		return nil
	}
	return recovery.ErrUsed
}

// match returns the step a code belongs to, looking n steps each way, nearest
// first. All steps are computed whatever matches.
func (d totpData) match(code string, now time.Time, n int64) (step int64, ok bool) {
	code = secret.Typed(code)
	if len(code) != d.digits() {
		return 0, false
	}
	mid := now.Unix() / d.period()
	for i := n; i >= 0; i-- {
		for _, s := range []int64{mid - i, mid + i} {
			if s >= 0 && subtle.ConstantTimeCompare([]byte(d.generate(s)), []byte(code)) == 1 {
				step, ok = s, true
			}
		}
	}
	return step, ok
}

func (d totpData) generate(step int64) string {
	code, err := hotp.GenerateCodeCustom(d.Secret, uint64(step), hotp.ValidateOpts{Digits: otp.Digits(d.digits()), Algorithm: d.algorithm()})
	if err != nil {
		return ""
	}
	return code
}

// drift tells people who enrol an authenticator by how many minutes its clock
// is off, if the code is right for another time within the hour. The page shows
// the secret, so this tells them nothing else.
func (d totpData) drift(code string, now time.Time) *recovery.Problem {
	step, ok := d.match(code, now, totpDrift)
	if !ok {
		return nil
	}
	off := step*d.period() - now.Unix()
	minutes := max((max(off, -off)+30)/60, 1)
	return &recovery.Problem{Key: recovery.ProblemClock, Args: map[string]string{"minutes": itoa(int(minutes))}}
}

// EnrollPage implements recovery.Enroller.
func (TOTP) EnrollPage() string { return recovery.PageEnroll }

// Offer implements recovery.Enroller: a new secret.
func (TOTP) Offer(recovery.Try) (json.RawMessage, error) {
	b := make([]byte, totpSecret)
	rand.Read(b)
	return pack(totpData{Secret: base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b)}), nil
}

// Confirm implements recovery.Enroller: one right code.
func (TOTP) Confirm(_ context.Context, t recovery.Try, offered json.RawMessage) (json.RawMessage, *recovery.Problem, error) {
	var d totpData
	if len(offered) == 0 || json.Unmarshal(offered, &d) != nil {
		return nil, &recovery.Problem{Key: recovery.ProblemFlowExpired}, nil
	}
	if t.Input.Code == "" {
		return nil, recovery.InField(recovery.ProblemMissing, "code"), nil
	}
	step, ok := d.match(string(t.Input.Code), t.Now, 1)
	if !ok {
		if p := d.drift(string(t.Input.Code), t.Now); p != nil {
			return nil, p, nil
		}
		return nil, &recovery.Problem{Key: recovery.ProblemAuthenticator}, nil
	}
	d.Last = step
	return pack(d), nil, nil
}

// AuthenticatorKey is what an enrolment shows: the secret and its otpauth://
// link. place is what the app lists the account under: the name of the place, or
// its host. Apps cut the label at its first colon, so the place has none.
func AuthenticatorKey(offered json.RawMessage, place, account string) (key, uri string) {
	var d totpData
	if json.Unmarshal(offered, &d) != nil {
		return "", ""
	}
	issuer := strings.Join(strings.FieldsFunc(place, func(r rune) bool { return r == ':' || unicode.IsSpace(r) }), " ")
	q := url.Values{"secret": {d.Secret}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	label := url.PathEscape(issuer) + ":" + url.PathEscape(account)
	return d.Secret, "otpauth://totp/" + label + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}
