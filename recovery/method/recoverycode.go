package method

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// RecoveryCode is one of ten codes on paper: 80 bits each, any order, once.
// At rest they are MACs whose key is not in the store.
type RecoveryCode struct {
	Keys *secret.Keys
}

const (
	codeCount = 10
	codeSize  = 16 // characters of 5 bits
)

type codeData struct {
	MACs  []string `json:"macs,omitempty"`  // unused codes
	Key   string   `json:"key,omitempty"`   // id of the root key of the MACs; empty: made before that was noted
	Plain []string `json:"plain,omitempty"` // only while they are being shown, in the flow
}

// Traits implements recovery.Method.
func (RecoveryCode) Traits() recovery.Traits {
	return recovery.Traits{
		Name: recovery.RecoveryCode, Source: "recovery_code", Class: recovery.ClassHeld, First: true,
		Throttle: recovery.ThrottleSecret, Page: recovery.PageFactor,
	}
}

// Ready implements recovery.Method. Codes whose root key is gone open nothing.
func (m RecoveryCode) Ready(a *recovery.Account, now time.Time) bool {
	_, d := usable(a, now)
	return len(d.MACs) > 0 && d.checked(m.Keys)
}

// checked tells whether the key of the codes is there; nil keys: nobody can say no.
func (d codeData) checked(keys *secret.Keys) bool {
	return keys == nil || d.Key == "" || slices.Contains(keys.IDs(), d.Key)
}

// usable are the codes that count now. For a frozen account these are the codes
// decided on when it was closed, because codes that a thief has made must not
// open it.
func usable(a *recovery.Account, now time.Time) (id string, d codeData) {
	var raw json.RawMessage
	c := a.Credential(recovery.RecoveryCode)
	if c != nil {
		id, raw = c.ID, c.Data
	}
	if a.State == recovery.StateFrozen {
		id, raw = "", nil
		if t := a.UnfreezeWith; t != nil && (t.Until.IsZero() || now.Before(t.Until)) { // older versions set a time
			raw = t.Codes
		}
	}
	if raw == nil || json.Unmarshal(raw, &d) != nil {
		return "", codeData{}
	}
	return id, d
}

// CodesLeft counts the unused codes of an account.
func CodesLeft(a *recovery.Account) int { return CodesThatOpen(a, nil) }

// CodesThatOpen is CodesLeft without those whose root key is gone.
func CodesThatOpen(a *recovery.Account, keys *secret.Keys) int {
	var d codeData
	if c := a.Credential(recovery.RecoveryCode); c != nil && json.Unmarshal(c.Data, &d) == nil && d.checked(keys) {
		return len(d.MACs)
	}
	return 0
}

// Verify implements recovery.Method. A pasted list is accepted: the first
// unused code in it is taken. The code is reserved, and spent when the flow
// finishes.
func (m RecoveryCode) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	id, d := usable(t.Account, t.Now)
	var version uint64
	if c := t.Account.Credential(recovery.RecoveryCode); id != "" && c != nil {
		version = c.Version
	}
	for _, typed := range candidates(string(t.Input.Code)) {
		for _, mac := range d.MACs {
			if m.right(mac, t.Account.ID, typed) {
				return recovery.Verdict{
					OK: true, Credential: id, Version: version,
					Reserve: &recovery.Spent{ID: recovery.RecoveryCode + "/" + mac},
				}, nil
			}
		}
	}
	return recovery.Verdict{}, nil
}

// Try reports whether one of the account's codes was typed, and changes nothing:
// this is the drill, for people who want to know that their codes work.
func (m RecoveryCode) Try(a *recovery.Account, typed string, now time.Time) bool {
	_, d := usable(a, now)
	for _, code := range candidates(typed) {
		for _, mac := range d.MACs {
			if m.right(mac, a.ID, code) {
				return true
			}
		}
	}
	return false
}

// candidates reads one code, or a pasted list of them.
func candidates(typed string) []string {
	if len(typed) > 1024 {
		return nil
	}
	if one := secret.Plain(typed); len(one) == codeSize {
		return []string{one}
	}
	var out []string
	for _, word := range strings.Fields(typed) {
		if c := secret.Plain(word); len(c) == codeSize && len(out) < codeCount {
			out = append(out, c)
		}
	}
	return out
}

func (m RecoveryCode) right(mac, account, typed string) bool {
	b, err := base64.RawURLEncoding.DecodeString(mac)
	return err == nil && m.Keys.CheckMAC(b, "recovery code", account, typed)
}

// KeysOf implements recovery.Keyed: of the sheet in use, and of those that open a
// closed account.
func (RecoveryCode) KeysOf(a *recovery.Account) []string {
	var sheets []json.RawMessage
	if c := a.Credential(recovery.RecoveryCode); c != nil {
		sheets = append(sheets, c.Data)
	}
	for _, o := range []*recovery.OldCodes{a.OldCodes, a.UnfreezeWith} {
		if o != nil {
			sheets = append(sheets, o.Codes)
		}
	}
	var keys []string
	for _, raw := range sheets {
		var d codeData
		if len(raw) > 0 && json.Unmarshal(raw, &d) == nil && len(d.MACs) > 0 {
			keys = append(keys, d.Key)
		}
	}
	return keys
}

// Spend implements recovery.Spender.
func (RecoveryCode) Spend(a *recovery.Account, id string) error {
	mac := strings.TrimPrefix(id, recovery.RecoveryCode+"/")
	var stores []*json.RawMessage
	if c := a.Credential(recovery.RecoveryCode); c != nil {
		stores = append(stores, &c.Data)
	}
	if a.UnfreezeWith != nil {
		stores = append(stores, &a.UnfreezeWith.Codes)
	}
	for _, raw := range stores {
		var d codeData
		if len(*raw) == 0 || json.Unmarshal(*raw, &d) != nil || !slices.Contains(d.MACs, mac) {
			continue
		}
		d.MACs = slices.DeleteFunc(d.MACs, func(x string) bool { return x == mac })
		*raw = pack(d)
		return nil
	}
	return errGone
}

var errGone = errors.New("recovery code was used or replaced")

// EnrollPage implements recovery.Enroller.
func (RecoveryCode) EnrollPage() string { return recovery.PageCodes }

// Offer implements recovery.Enroller: ten new codes, kept readable in the
// sealed flow until the step is left.
func (RecoveryCode) Offer(recovery.Try) (json.RawMessage, error) {
	var d codeData
	for range codeCount {
		d.Plain = append(d.Plain, secret.Code(codeSize))
	}
	return pack(d), nil
}

// Confirm implements recovery.Enroller: "I have saved them" (choice=saved).
func (m RecoveryCode) Confirm(_ context.Context, t recovery.Try, offered json.RawMessage) (json.RawMessage, *recovery.Problem, error) {
	var d codeData
	if len(offered) == 0 || json.Unmarshal(offered, &d) != nil || len(d.Plain) != codeCount {
		return nil, &recovery.Problem{Key: recovery.ProblemFlowExpired}, nil
	}
	if t.Input.Choice != "saved" {
		return nil, &recovery.Problem{Key: recovery.ProblemMissing}, nil
	}
	out := codeData{Key: m.Keys.ID()}
	for _, code := range d.Plain {
		mac := m.Keys.MAC("recovery code", t.Account.ID, code)
		out.MACs = append(out.MACs, base64.RawURLEncoding.EncodeToString(mac))
	}
	return pack(out), nil, nil
}

// Shown lists the codes an enrolment shows, grouped.
func Shown(offered json.RawMessage) []string {
	var d codeData
	if json.Unmarshal(offered, &d) != nil {
		return nil
	}
	var out []string
	for _, c := range d.Plain {
		out = append(out, secret.Group(c, 4))
	}
	return out
}
