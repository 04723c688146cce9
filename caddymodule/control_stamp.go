package caddymodule

import (
	"encoding/hex"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// replayWindow is how far the clock of a request may be from ours, and how
// long its nonce is remembered.
const replayWindow = 30 * time.Second

const (
	purposeRequest = "control request"
	purposeAnswer  = "control answer"

	headerAt    = "Sparekey-At"    // milliseconds since 1970
	headerNonce = "Sparekey-Nonce" // 16 random bytes, base64url
	headerMAC   = "Sparekey-Mac"   // hex
)

// stamp proves that a request comes from somebody with the root key, now.
type stamp struct {
	at    time.Time
	nonce string
	mac   []byte
}

// newStamp signs a request.
func newStamp(keys *secret.Keys, r *http.Request, body []byte, now time.Time) stamp {
	s := stamp{at: time.UnixMilli(now.UnixMilli()), nonce: secret.Token(16)}
	s.mac = keys.MAC(purposeRequest, s.parts(r, body)...)
	return s
}

// parts is what the MAC is made over.
func (s stamp) parts(r *http.Request, body []byte) []string {
	return []string{r.Method, r.URL.RequestURI(), s.written(), s.nonce, string(body)}
}

func (s stamp) written() string { return strconv.FormatInt(s.at.UnixMilli(), 10) }

func (s stamp) put(h http.Header) {
	h.Set(headerAt, s.written())
	h.Set(headerNonce, s.nonce)
	h.Set(headerMAC, hexMAC(s.mac))
}

func readStamp(h http.Header) (stamp, bool) {
	at, err := strconv.ParseInt(h.Get(headerAt), 10, 64)
	mac, err2 := hex.DecodeString(h.Get(headerMAC))
	s := stamp{at: time.UnixMilli(at), nonce: h.Get(headerNonce), mac: mac}
	return s, err == nil && err2 == nil && s.nonce != ""
}

func hexMAC(mac []byte) string { return hex.EncodeToString(mac) }

// nonces remembers what was used. It holds genuine requests only, so whoever
// could fill it has the root key.
type nonces struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// first tells whether a nonce is new, and remembers it until then.
func (n *nonces) first(nonce string, until, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	for x, end := range n.until {
		if now.After(end) {
			delete(n.until, x)
		}
	}
	if _, used := n.until[nonce]; used {
		return false
	}
	if n.until == nil {
		n.until = map[string]time.Time{}
	}
	n.until[nonce] = until
	return true
}
