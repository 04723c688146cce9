package method

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go"
	"golang.org/x/text/secure/precis"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Password is the memorized secret: argon2id over the PRECIS OpaqueString form
// (RFC 8265), so that the same characters typed on two keyboards are the same
// password. Every byte counts, up to 1,024 (IN-04).
type Password struct {
	Hasher   *secret.Hasher
	Breached func(ctx context.Context, password string) bool // see [Set]
}

const (
	// MinWithFactor is the shortest password of an account with a second factor, in characters.
	MinWithFactor = 8
	// MinAlone is the shortest password of an account without one (NIST SP 800-63B-4 section 3.1.1.2).
	MinAlone = 15
	// MaxPassword is the longest password, in bytes.
	MaxPassword = 1024
)

type passwordData struct {
	Hash string `json:"hash"`
	// Long tells that it has MinAlone characters and so may stand alone. Of older
	// passwords that is not known.
	Long bool `json:"long,omitempty"`
}

func newPasswordData(hash, typed string) json.RawMessage {
	return pack(passwordData{Hash: hash, Long: utf8.RuneCountInString(typed) >= MinAlone})
}

// Suffices implements recovery.Lone.
func (Password) Suffices(data json.RawMessage) bool {
	var d passwordData
	return json.Unmarshal(data, &d) == nil && d.Long
}

// Traits implements recovery.Method.
func (Password) Traits() recovery.Traits {
	return recovery.Traits{
		Name: recovery.Password, Source: "memory", Class: recovery.ClassMemory,
		Throttle: recovery.ThrottleBackoff, Page: recovery.PageFactor, Field: recovery.FieldPassword, Wrong: recovery.ProblemPassword,
	}
}

// Ready implements recovery.Method.
func (Password) Ready(a *recovery.Account, _ time.Time) bool {
	return a.Credential(recovery.Password) != nil
}

// Queue implements recovery.Queued.
func (m Password) Queue(ctx context.Context) (context.Context, func(), error) {
	return m.Hasher.Queue(ctx)
}

// Verify implements recovery.Method. For an account without a password it
// costs one hash all the same (EN-02).
func (m Password) Verify(ctx context.Context, t recovery.Try) (recovery.Verdict, error) {
	raw := clip(string(t.Input.Password))
	typed, ok := opaque(string(t.Input.Password))
	c := t.Account.Credential(recovery.Password)
	var d passwordData
	if c == nil || json.Unmarshal(c.Data, &d) != nil || !ok && !oldFashioned(d.Hash, string(t.Input.Password)) {
		return recovery.Verdict{}, m.Hasher.BurnLook(ctx, clip(typed), raw)
	}
	right, stale, err := m.Hasher.Look(ctx, d.Hash, typed, raw)
	if err != nil || !right {
		return recovery.Verdict{}, err
	}
	v := recovery.Verdict{OK: true, Credential: c.ID, Version: c.Version, Short: brought(d.Hash) && utf8.RuneCountInString(typed) < Minimum(t.Account, nil)}
	if stale && ok && !v.Short { // it stays what it is until there is a longer one
		v.Rehash = m.rehash(c.ID, d.Hash, typed)
	}
	return v, nil
}

// oldFashioned tells whether another program took what is no password here.
func oldFashioned(hash, typed string) bool { return brought(hash) && len(typed) <= MaxPassword }

// brought tells whether the hash was brought along from another program.
func brought(hash string) bool {
	cost, err := secret.CostOf(hash)
	return err == nil && secret.Brought(cost)
}

// rehash replaces a hash made with other costs, unless the password changed
// meanwhile.
func (m Password) rehash(id, old, typed string) recovery.Rehash {
	return func(ctx context.Context) (func(*recovery.Account) error, error) {
		fresh, err := m.Hasher.Hash(ctx, typed)
		return func(a *recovery.Account) error {
			for i := range a.Credentials {
				var d passwordData
				c := &a.Credentials[i]
				if c.ID == id && json.Unmarshal(c.Data, &d) == nil && d.Hash == old {
					c.Data = newPasswordData(fresh, typed)
				}
			}
			return nil
		}, err
	}
}

// Cost implements recovery.Costed.
func (m Password) Cost() string { return m.Hasher.Cost().String() }

// CostOf implements recovery.Costed.
func (Password) CostOf(a *recovery.Account) string {
	c := a.Credential(recovery.Password)
	var d passwordData
	if c == nil || json.Unmarshal(c.Data, &d) != nil {
		return ""
	}
	cost, err := secret.CostOf(d.Hash)
	if err != nil {
		return ""
	}
	return cost
}

// Bring implements recovery.Brought: a hash that [secret.Hasher.Wrap] has made of
// that of another program. How long the password is shows when it is typed.
func (Password) Bring(data json.RawMessage) (json.RawMessage, error) {
	var d passwordData
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, err
	}
	cost, err := secret.CostOf(d.Hash)
	if err == nil && !secret.Brought(cost) {
		err = secret.ErrHash
	}
	return pack(passwordData{Hash: d.Hash}), err
}

// Match implements recovery.Costed.
func (m Password) Match(costs []string) { m.Hasher.Match(costs) }

// EnrollPage implements recovery.Enroller.
func (Password) EnrollPage() string { return recovery.PageNewPassword }

// Offer implements recovery.Enroller: there is nothing to show.
func (Password) Offer(recovery.Try) (json.RawMessage, error) { return nil, nil }

// Confirm implements recovery.Enroller: the checks are length, passwords that many
// people have, the words of the place, those that were stolen, where the operator
// has named a collection of them, and the current password; there are no
// composition rules (NIST SP 800-63B-4 section 3.1.1.2).
func (m Password) Confirm(ctx context.Context, t recovery.Try, _ json.RawMessage) (json.RawMessage, *recovery.Problem, error) {
	typed, ok := opaque(string(t.Input.NewPassword))
	if p := check(t, typed, ok); p != nil {
		return nil, p, nil
	}
	// Before the current password is looked at: this refuses many guesses in a
	// flow, and none of them may tell whether it was that.
	if m.Breached != nil && m.Breached(ctx, typed) {
		return nil, &recovery.Problem{Key: recovery.ProblemBreached}, nil
	}
	same, err := m.same(ctx, t, typed)
	switch {
	case err != nil:
		return nil, nil, err
	case same:
		return nil, &recovery.Problem{Key: recovery.ProblemSame}, nil
	}
	hash, err := m.Hasher.Hash(ctx, typed)
	if err != nil {
		return nil, nil, err
	}
	return newPasswordData(hash, typed), nil, nil
}

// same reports whether the account has this very password. It is no oracle: only
// a flow that may replace the password gets here, and a wrong guess replaces
// it, so a flow has one guess.
func (m Password) same(ctx context.Context, t recovery.Try, typed string) (bool, error) {
	c := t.Account.Credential(recovery.Password)
	var d passwordData
	if c == nil || json.Unmarshal(c.Data, &d) != nil {
		return false, nil
	}
	same, _, err := m.Hasher.Look(ctx, d.Hash, typed, clip(string(t.Input.NewPassword)))
	return same, err
}

// Minimum is the shortest password that a flow makes for an account. One that
// nobody has opened yet gets its second factor together with the password, unless
// its owner goes without. Without a flow it is that of the account.
func Minimum(a *recovery.Account, f *recovery.Flow) int {
	switch {
	case a == nil, f != nil && f.Chosen == recovery.Later:
	case a.SecondFactor, a.State == "", a.State == recovery.StateInvited:
		return MinWithFactor
	}
	return MinAlone
}

func check(t recovery.Try, typed string, readable bool) *recovery.Problem {
	shortest := Minimum(t.Account, t.Flow)
	switch n := utf8.RuneCountInString(typed); {
	case n == 0 && readable:
		return recovery.InField(recovery.ProblemMissing, "new_password")
	case len(typed) > MaxPassword:
		return &recovery.Problem{Key: recovery.ProblemLong}
	case !readable:
		return &recovery.Problem{Key: recovery.ProblemUnreadable}
	case n < shortest:
		return &recovery.Problem{Key: recovery.ProblemShort, Args: map[string]string{"min": itoa(shortest)}}
	case likeName(typed, t.Account.Name, shortest), likeAnyOf(typed, wordsOfPlace(t)):
		return &recovery.Problem{Key: recovery.ProblemLikeName}
	// The scorer takes a fifth of a second for 260 characters; the first 72
	// say enough. 0 of 4 means that it is among the first thousand guesses.
	case common(typed), zxcvbn.PasswordStrength(clipTo(typed, 72), []string{t.Account.Name, own}).Score == 0:
		return &recovery.Problem{Key: recovery.ProblemCommon}
	}
	return nil
}

// opaque normalizes a password; false when it is too long or holds what is no
// text: control characters such as tabs, or bytes that are no characters.
func opaque(typed string) (string, bool) {
	if len(typed) > MaxPassword || !utf8.ValidString(typed) {
		return typed, false
	}
	var b strings.Builder
	for i, part := range strings.Split(dropSelectors(typed), joiner) {
		if i > 0 {
			b.WriteString(joiner)
		}
		if part == "" {
			continue
		}
		s, err := precis.OpaqueString.String(part)
		if err != nil {
			return typed, false
		}
		b.WriteString(s)
	}
	return b.String(), true
}

// joiner makes one picture of two, as in the emoji of a family (Unicode Technical
// Standard 51). OpaqueString refuses it; it joins parts that are read for
// themselves.
const joiner = "\u200d"

// dropSelectors leaves out what only says whether a character is drawn as text or
// as a picture: keyboards differ in it.
func dropSelectors(s string) string {
	return strings.NewReplacer("\ufe0e", "", "\ufe0f", "").Replace(s)
}

func clip(s string) string { return clipTo(s, MaxPassword) }

func clipTo(s string, n int) string { return s[:min(len(s), n)] }
