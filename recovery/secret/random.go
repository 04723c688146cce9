package secret

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"strings"
)

// Alphabet is base32 without look-alikes (no I, L, O, U), as in Crockford's.
const Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Token returns n random bytes as unpadded base64url. Use 16 for an id that
// gives nothing by itself, 32 for a bearer secret.
func Token(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Code returns n random characters of [Alphabet], 5 bits each.
func Code(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		b[i] = Alphabet[b[i]&31]
	}
	return string(b)
}

// Digits returns n random decimal digits without bias.
func Digits(n int) string {
	var b strings.Builder
	for range n {
		d, err := rand.Int(rand.Reader, big.NewInt(10))
		if err != nil {
			panic(err) // crypto/rand never fails since Go 1.24
		}
		b.WriteByte(byte('0' + d.Int64()))
	}
	return b.String()
}

// Group puts a dash after every n characters: ABCDEFGH, 4 → ABCD-EFGH.
func Group(s string, n int) string {
	var parts []string
	for len(s) > n {
		parts, s = append(parts, s[:n]), s[n:]
	}
	return strings.Join(append(parts, s), "-")
}

// Plain undoes what people do to a code: it reads it as [Typed] does, raises
// letters and reads the look-alikes I, L and O as 1, 1 and 0. Anything else
// that is not in [Alphabet] makes the whole code empty.
func Plain(code string) string {
	if len(code) > 128 {
		return ""
	}
	var b strings.Builder
	for _, c := range strings.ToUpper(Typed(code)) {
		switch {
		case c == 'I' || c == 'L':
			b.WriteByte('1')
		case c == 'O':
			b.WriteByte('0')
		case strings.ContainsRune(Alphabet, c):
			b.WriteRune(c)
		default:
			return ""
		}
	}
	return b.String()
}

// Sum names a high-entropy token at rest: unpadded base64url of its SHA-256.
// Only for tokens of 128 bits and more; shorter values need a MAC.
func Sum(token string) string {
	h := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(h[:])
}
