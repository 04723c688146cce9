package method

import (
	"encoding/base32"
	"encoding/json"
	"errors"
	"strings"

	"github.com/pquerna/otp"
)

// totpKind is how the codes of an authenticator are made that another program has
// enrolled. The zero value is how ours are.
type totpKind struct {
	Algorithm string `json:"algorithm,omitempty"` // SHA256 or SHA512; empty: SHA1
	Digits    int    `json:"digits,omitempty"`    // 8; zero: 6
	Period    int64  `json:"period,omitempty"`    // seconds; zero: 30
}

// Bounds of what may be brought along. An app shows such codes for its owner; what
// lasts longer or has fewer bits would make them easier to guess.
const (
	shortestPeriod, longestPeriod = 15, 60
	shortestSecret, longestSecret = 10, 128 // bytes; many old authenticators have 80 bits
)

func (k totpKind) period() int64 {
	if k.Period == 0 {
		return totpPeriod
	}
	return k.Period
}

func (k totpKind) digits() int {
	if k.Digits == 0 {
		return 6
	}
	return k.Digits
}

func (k totpKind) algorithm() otp.Algorithm {
	switch k.Algorithm {
	case "SHA256":
		return otp.AlgorithmSHA256
	case "SHA512":
		return otp.AlgorithmSHA512
	}
	return otp.AlgorithmSHA1
}

// Authenticator is one of another program, as its export has it.
type Authenticator struct {
	Secret    string // base32
	Algorithm string // SHA1, SHA256 or SHA512; empty: SHA1
	Digits    int    // 6 or 8; zero: 6
	Period    int    // seconds; zero: 30
}

// Errors of [Authenticator.Data].
var (
	ErrTOTPSecret = errors.New("the secret of the authenticator is no base32 of 10 to 128 bytes")
	ErrTOTPKind   = errors.New("only authenticators with SHA1, SHA256 or SHA512, 6 or 8 digits and 15 to 60 seconds can be taken over")
)

// Data is what [TOTP] keeps of it.
func (x Authenticator) Data() (json.RawMessage, error) {
	d := totpData{Secret: strings.TrimRight(strings.ToUpper(strings.ReplaceAll(x.Secret, " ", "")), "=")}
	b, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(d.Secret)
	if err != nil || len(b) < shortestSecret || len(b) > longestSecret {
		return nil, ErrTOTPSecret
	}
	switch strings.ReplaceAll(strings.ToUpper(x.Algorithm), "-", "") {
	case "", "SHA1":
	case "SHA256":
		d.Algorithm = "SHA256"
	case "SHA512":
		d.Algorithm = "SHA512"
	default:
		return nil, ErrTOTPKind
	}
	switch x.Digits {
	case 0, 6:
	case 8:
		d.Digits = 8
	default:
		return nil, ErrTOTPKind
	}
	switch {
	case x.Period == 0, x.Period == totpPeriod:
	case x.Period >= shortestPeriod && x.Period <= longestPeriod:
		d.Period = int64(x.Period)
	default:
		return nil, ErrTOTPKind
	}
	return pack(d), nil
}

// Bring implements recovery.Brought.
func (TOTP) Bring(data json.RawMessage) (json.RawMessage, error) {
	var d totpData
	if err := json.Unmarshal(data, &d); err != nil {
		return nil, err
	}
	return Authenticator{d.Secret, d.Algorithm, d.Digits, int(d.Period)}.Data()
}

// BringPassword is what [Password] keeps of a hash that [secret.Hasher.Wrap] made.
func BringPassword(wrapped string) json.RawMessage { return pack(passwordData{Hash: wrapped}) }
