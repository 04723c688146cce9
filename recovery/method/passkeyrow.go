package method

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Limits of the passkeys of an account, so that its record stays small.
const (
	MaxPasskeys    = 10
	maxPasskeyID   = 256 // bytes
	maxPasskeySize = 700 // of the row in the account
)

// PasskeyRow is what an account keeps of one passkey. It is our own, so that an
// update of the library changes nothing in a store, and has nothing of the
// attestation.
type PasskeyRow struct {
	ID           []byte    `json:"id"`
	Key          []byte    `json:"key"` // public, as COSE has it
	RP           string    `json:"rp"`
	Model        []byte    `json:"model,omitempty"` // AAGUID; empty: it says none
	Count        uint32    `json:"count,omitempty"`
	Transports   []string  `json:"by,omitempty"`
	Eligible     bool      `json:"eligible,omitempty"` // BE: it can be copied to other devices of its owner
	Copied       bool      `json:"copied,omitempty"`   // BS: it is
	Verified     bool      `json:"verified,omitempty"` // UV: a finger or number was asked for when it was made, and is ever after
	Discoverable bool      `json:"discoverable,omitempty"`
	Used         time.Time `json:"used,omitzero"` // the day
	Where        string    `json:"where,omitempty"`
	Doubt        Doubt     `json:"doubt,omitempty"`
}

// Doubt is why a passkey is not taken at the moment. The zero value is none.
type Doubt string

// The doubts.
const (
	DoubtCopied  Doubt = "counter" // its counter went back, as that of a copy does
	DoubtChanged Doubt = "changed" // whether it can be copied is not what it was
)

// Alone tells whether the passkey stands for both factors: it can be found without
// a name, and asks its owner.
func (p PasskeyRow) Alone() bool { return p.Verified && p.Discoverable && p.Doubt == "" }

// place says where the passkey is, in the words of a shape of the lint.
func (p PasskeyRow) place() string {
	phone := slices.Contains(p.Transports, "hybrid") || strings.HasSuffix(p.Where, " on iOS") || strings.HasSuffix(p.Where, " on Android")
	switch {
	case p.Eligible:
		return "synced"
	case !slices.Contains(p.Transports, "internal"):
		return "on_key"
	case phone:
		return "on_phone"
	}
	return "on_laptop"
}

// OwnedPasskey is a passkey and the credential it is kept in.
type OwnedPasskey struct {
	recovery.Credential
	Row PasskeyRow
}

// Passkeys lists the passkeys of an account. What does not read is left out, and
// so opens nothing.
func Passkeys(a *recovery.Account) []OwnedPasskey {
	var out []OwnedPasskey
	for _, c := range a.CredentialsOf(recovery.Passkey) {
		if row, ok := readPasskey(c); ok {
			out = append(out, OwnedPasskey{c, row})
		}
	}
	return out
}

func readPasskey(c recovery.Credential) (row PasskeyRow, ok bool) {
	err := json.Unmarshal(c.Data, &row)
	return row, err == nil && len(row.ID) > 0 && len(row.Key) > 0 && row.RP != ""
}

// PasskeysAt are those that can be shown at a place, and the domains of the others
// where there is none of those.
func PasskeysAt(a *recovery.Account, at recovery.RelyingParty) (here []OwnedPasskey, elsewhere []string) {
	if here = passkeysAt(a, at); len(here) > 0 {
		return here, nil
	}
	for _, p := range Passkeys(a) {
		if !slices.Contains(elsewhere, p.Row.RP) {
			elsewhere = append(elsewhere, p.Row.RP)
		}
	}
	return nil, elsewhere
}

// passkeysAt are those that the browser can show at a place.
func passkeysAt(a *recovery.Account, at recovery.RelyingParty) []OwnedPasskey {
	return slices.DeleteFunc(Passkeys(a), func(p OwnedPasskey) bool { return p.Row.RP != at.ID })
}

// editPasskey changes the row of a credential; false: it is not there any more. The
// version stays: use is no replacement.
func editPasskey(a *recovery.Account, credential string, edit func(*PasskeyRow) bool) bool {
	for i := range a.Credentials {
		c := &a.Credentials[i]
		var row PasskeyRow
		if c.Method != recovery.Passkey || c.ID != credential || json.Unmarshal(c.Data, &row) != nil || !edit(&row) {
			continue
		}
		c.Data = pack(row)
		return true
	}
	return false
}

// transports keeps the ways to reach a passkey that there are names for.
func transports(said []string) []string {
	var out []string
	for _, t := range []string{"usb", "nfc", "ble", "smart-card", "hybrid", "internal"} {
		if slices.Contains(said, t) {
			out = append(out, t)
		}
	}
	return out
}

// model is an AAGUID; that of zeros says nothing.
func model(aaguid []byte) []byte {
	if len(aaguid) != 16 || bytes.Equal(aaguid, make([]byte, 16)) {
		return nil
	}
	return aaguid
}
