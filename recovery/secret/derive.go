package secret

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
)

// Derive makes a value of a token of 128 bits or more, for one purpose:
// HMAC-SHA256 with the token as its key. It hangs on the token alone. Whoever has
// its [Sum], the root keys and everything that is stored cannot make it.
func Derive(token, purpose string) string {
	h := hmac.New(sha256.New, []byte(token))
	h.Write([]byte("sparekey " + purpose + " v1"))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}
