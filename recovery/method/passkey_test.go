package method_test

import (
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

const (
	aliceID = "AAAAAAAAAAAAAAAAAAAAAA"
	bobID   = "BBBBBBBBBBBBBBBBBBBBBB"
)

// keyholder is somebody with passkeys and an account.
type keyholder struct {
	*recoverytest.Authenticator
	account *recovery.Account
	at      recovery.RelyingParty
	now     time.Time
}

func holder(t testing.TB) *keyholder {
	t.Helper()
	return &keyholder{
		Authenticator: &recoverytest.Authenticator{TB: t, Origin: "https://photos.example.com"},
		account:       &recovery.Account{ID: aliceID, Name: "alice"},
		at:            recovery.RelyingParty{ID: "photos.example.com", Origin: "https://photos.example.com", Site: "Photos"},
		now:           time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC),
	}
}

func (k *keyholder) try(f *recovery.Flow, answer string) recovery.Try {
	return recovery.Try{
		Account: k.account, Flow: f, Now: k.now, Passkeys: k.at, Browser: "Firefox on Linux", Input: recovery.Input{Code: secret.Text(answer)},
	}
}

// enrols makes a passkey, as far as the method sees it.
func (k *keyholder) enrols() *recovery.Problem {
	k.TB.Helper()
	f := &recovery.Flow{Name: k.account.Name, Session: "signed in"}
	offered, err := method.Passkey{}.Offer(k.try(f, ""))
	if err != nil {
		k.TB.Fatal(err)
	}
	options, _ := method.PasskeyOffered(offered)
	return k.confirms(f, offered, k.Create(options))
}

func (k *keyholder) confirms(f *recovery.Flow, offered json.RawMessage, answer string) *recovery.Problem {
	k.TB.Helper()
	data, p, err := method.Passkey{}.Confirm(k.TB.Context(), k.try(f, answer), offered)
	if err != nil {
		k.TB.Fatal(err)
	}
	if p == nil {
		id := "key-" + base64.RawURLEncoding.EncodeToString([]byte{byte(len(k.account.Credentials))})
		k.account.Credentials = append(k.account.Credentials, recovery.Credential{ID: id, Method: recovery.Passkey, Version: 1, Data: data})
	}
	return p
}

// asked is a flow with a challenge, and what the browser is given.
func (k *keyholder) asked() (*recovery.Flow, string) {
	k.TB.Helper()
	f := &recovery.Flow{Challenges: map[string]recovery.Challenge{}}
	c, _, err := method.Passkey{}.Challenge(k.try(f, ""))
	if err != nil {
		k.TB.Fatal(err)
	}
	f.Challenges[recovery.Passkey] = c
	return f, string(method.PasskeyRequest(k.at, c.Code, method.Passkeys(k.account), false))
}

func (k *keyholder) shows(f *recovery.Flow, answer string) recovery.Verdict {
	k.TB.Helper()
	v, err := method.Passkey{}.Verify(k.TB.Context(), k.try(f, answer))
	if err != nil {
		k.TB.Fatal(err)
	}
	return v
}

// signs answers a challenge, and has the answer claimed or noted.
func (k *keyholder) signs() (recovery.Verdict, error) {
	k.TB.Helper()
	f, options := k.asked()
	v := k.shows(f, k.Get(options))
	if v.Note != nil && !v.Note(k.account) {
		k.TB.Fatal("nothing to note")
	}
	if v.OK {
		return v, v.Claim(k.account)
	}
	return v, nil
}

func problemOf(v recovery.Verdict) string {
	if v.OK || v.Problem == nil {
		return ""
	}
	return v.Problem.Key
}

func TestMF10_AChallengeEndsAfterTwoMinutes(t *testing.T) {
	t.Parallel()
	k := holder(t)
	k.enrols()
	f, options := k.asked()
	answer := k.Get(options)
	k.now = k.now.Add(2*time.Minute - time.Second)
	if v := k.shows(f, answer); !v.OK {
		t.Errorf("refused before its end: %+v", v)
	}
	k.now = k.now.Add(time.Second)
	if got := problemOf(k.shows(f, answer)); got != recovery.ProblemPasskeyLate {
		t.Errorf("got %q at its end", got)
	}
}

// TestMF11_CounterThatGoesBack: the passkey is refused from then on, and its owner
// hears of it. Passkeys that do not count are none of that.
func TestMF11_CounterThatGoesBack(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		before, now uint32
		ok          bool
	}{
		{"neither counts", 0, 0, true},
		{"begins to count", 0, 1, true},
		{"goes on", 7, 8, true},
		{"jumps", 7, 4_000_000_000, true},
		{"stands", 7, 7, false},
		{"goes back", 7, 6, false},
		{"counts no more", 7, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := holder(t)
			k.enrols()
			k.sets(func(p *method.PasskeyRow) { p.Count = tt.before })
			k.Keys[0].Next(tt.now)
			v, err := k.signs()
			if v.OK != tt.ok || err != nil {
				t.Fatalf("got %+v, %v", v, err)
			}
			row := method.Passkeys(k.account)[0].Row
			if tt.ok {
				if row.Count != tt.now || row.Doubt != "" || row.Used.IsZero() || row.Where != "Firefox on Linux" {
					t.Errorf("got %+v", row)
				}
				return
			}
			if problemOf(v) != recovery.ProblemPasskeyCopied || v.Tell != recovery.EventPasskeyCopied || row.Doubt != method.DoubtCopied || row.Count != tt.before {
				t.Errorf("got %+v, row %+v", v, row)
			}
			k.Keys[0].Next(4_000_000_001)
			if again, _ := k.signs(); problemOf(again) != recovery.ProblemPasskeyDoubt {
				t.Errorf("got %+v the next time", again)
			}
			if (method.Passkey{}).Ready(k.account, k.now) {
				t.Error("it is still asked for")
			}
		})
	}
}

// TestMF11_OfTwoAnswersWithOneCounterOnePasses, whichever is written first.
func TestMF11_OfTwoAnswersWithOneCounterOnePasses(t *testing.T) {
	t.Parallel()
	k := holder(t)
	k.Count = true
	k.enrols()
	f, options := k.asked()
	answer := k.Get(options)
	first, second := k.shows(f, answer), k.shows(f, answer)
	if !first.OK || !second.OK {
		t.Fatalf("got %+v and %+v", first, second)
	}
	if err := first.Claim(k.account); err != nil {
		t.Error(err)
	}
	if err := second.Claim(k.account); err == nil || method.Passkeys(k.account)[0].Row.Doubt != "" {
		t.Errorf("got %v, and the row %+v", err, method.Passkeys(k.account)[0].Row)
	}
}

// TestMF10_WhatAPasskeyIsWorth: what it asked of its owner when it was made it asks
// ever after, and only then it is both factors.
func TestMF10_WhatAPasskeyIsWorth(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name                       string
		madeUnverified, unverified bool
		hidden                     bool
		ok, alone                  bool
	}{
		{name: "asks its owner", ok: true, alone: true},
		{name: "asked its owner when it was made", unverified: true},
		{name: "never asks", madeUnverified: true, unverified: true, ok: true},
		{name: "asks since", madeUnverified: true, ok: true},
		{name: "cannot be found without a name", hidden: true, ok: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := holder(t)
			k.Unverified, k.Hidden = tt.madeUnverified, tt.hidden
			k.enrols()
			k.Unverified = tt.unverified
			v, err := k.signs()
			if v.OK != tt.ok || v.Alone != tt.alone || err != nil {
				t.Errorf("got %+v, %v", v, err)
			}
			if !tt.ok && problemOf(v) != recovery.ProblemPasskeyUnverified {
				t.Errorf("got %q", problemOf(v))
			}
		})
	}
}

// TestAPasskeyThatSyncsNow is refused once, and is what it is now when another
// proof was shown.
func TestAPasskeyThatSyncsNow(t *testing.T) {
	t.Parallel()
	k := holder(t)
	k.enrols()
	k.Synced = true
	if v, _ := k.signs(); problemOf(v) != recovery.ProblemPasskeyChanged || v.Tell != recovery.EventPasskeyChanged {
		t.Fatalf("got %+v", v)
	}
	if v, _ := k.signs(); problemOf(v) != recovery.ProblemPasskeyDoubt {
		t.Fatalf("got %+v the second time", v)
	}
	method.Passkey{}.Settle(k.account, []recovery.Proof{{Method: recovery.Passkey, Credential: k.account.Credentials[0].ID}})
	if v, _ := k.signs(); v.OK {
		t.Fatal("it stands for itself")
	}
	method.Passkey{}.Settle(k.account, []recovery.Proof{{Method: recovery.RecoveryCode, Credential: "codes"}})
	if v, err := k.signs(); !v.OK || err != nil {
		t.Fatalf("got %+v, %v", v, err)
	}
	row := method.Passkeys(k.account)[0].Row
	if !row.Eligible || !row.Copied || row.Doubt != "" {
		t.Errorf("got %+v", row)
	}
}

// TestTenPasskeys fit, of up to 700 bytes each.
func TestTenPasskeys(t *testing.T) {
	t.Parallel()
	k := holder(t)
	k.IDSize = 256
	for range method.MaxPasskeys {
		if p := k.enrols(); p != nil {
			t.Fatal(p.Key)
		}
	}
	if p := k.enrols(); p == nil || p.Key != recovery.ProblemPasskeyMany {
		t.Errorf("got %v for one more", p)
	}
	for _, c := range k.account.Credentials {
		if len(c.Data) > 700 {
			t.Errorf("got a row of %d bytes: %s", len(c.Data), c.Data)
		}
	}
}

func (k *keyholder) sets(edit func(*method.PasskeyRow)) {
	row := method.Passkeys(k.account)[0].Row
	edit(&row)
	data, err := json.Marshal(row)
	if err != nil {
		k.TB.Fatal(err)
	}
	k.account.Credentials[0].Data = data
}

func rowOf(t *testing.T, id string) json.RawMessage {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(method.PasskeyRow{ID: raw, Key: []byte{1}, RP: "photos.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	return data
}
