package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/gorilla/securecookie"
)

// KeySize is the length of a root key in bytes.
const KeySize = 32

// Errors of this package.
var (
	// ErrOpen says that sealed bytes are damaged, belong under another name,
	// or were sealed with a key that is not here. It is an alarm, and a caller
	// denies on it; it never means "there is nothing".
	ErrOpen = errors.New("sealed value does not open")
	// ErrKey says that a root key is not usable.
	ErrKey = errors.New("root key must be 32 bytes")
)

// Keys holds what is derived from the root keys, newest first. The newest
// seals and signs; all of them open and verify, so that a key can be replaced
// without signing anybody out. [Keys.Use] replaces them while they are in use.
type Keys struct{ now atomic.Pointer[keySet] }

type keySet struct {
	rings   []ring
	cookies []securecookie.Codec // of [Keys.SignCookie]
	sealed  []securecookie.Codec // of [Keys.SealCookie]
}

type ring struct {
	id     [4]byte
	aead   cipher.AEAD
	mac    []byte
	cookie []byte
	// Of [Keys.Challenge].
	challenge []byte
	// Of sealed cookies.
	cookieHash, cookieBlock []byte
}

// NewKeys derives keys from one or more root keys of 32 bytes, newest first
// (HKDF-SHA256, RFC 5869, one label per purpose).
func NewKeys(roots ...[]byte) (*Keys, error) {
	if len(roots) == 0 {
		return nil, ErrKey
	}
	set := new(keySet)
	for _, root := range roots {
		r, err := newRing(root)
		if err != nil {
			return nil, err
		}
		set.add(r, newCookies(r.cookie), newSealedCookies(r.cookieHash, r.cookieBlock))
	}
	k := new(Keys)
	k.now.Store(set)
	return k, nil
}

func (s *keySet) add(r ring, cookies, sealed securecookie.Codec) {
	s.rings, s.cookies, s.sealed = append(s.rings, r), append(s.cookies, cookies), append(s.sealed, sealed)
}

// Use replaces the keys by those of the lists, the first in front; a key that is
// in several counts once. At least one list is given.
func (k *Keys) Use(lists ...*Keys) {
	set := new(keySet)
	for _, list := range lists {
		from := list.now.Load()
		for i, r := range from.rings {
			if !slices.ContainsFunc(set.rings, func(have ring) bool { return have.id == r.id }) {
				set.add(r, from.cookies[i], from.sealed[i])
			}
		}
	}
	k.now.Store(set)
}

// SameNewest tells whether both seal with the same key.
func (k *Keys) SameNewest(other *Keys) bool {
	return k.now.Load().rings[0].id == other.now.Load().rings[0].id
}

// IDs names the keys, newest first. An id says nothing of its key; it stands in
// front of everything that was sealed with it.
func (k *Keys) IDs() []string {
	var ids []string
	for _, r := range k.now.Load().rings {
		ids = append(ids, hex.EncodeToString(r.id[:]))
	}
	return ids
}

// ID names the newest key.
func (k *Keys) ID() string { return k.IDs()[0] }

// Current tells whether something was sealed with the newest key.
func (k *Keys) Current(sealed []byte) bool {
	return len(sealed) >= 5 && sealed[0] == sealVersion && [4]byte(sealed[1:5]) == k.now.Load().rings[0].id
}

func newRing(root []byte) (ring, error) {
	if len(root) != KeySize {
		return ring{}, ErrKey
	}
	var derived [7][]byte
	for i, purpose := range []string{"key id", "seal", "mac", "cookie", "sealed cookie hash", "sealed cookie block", "challenge"} {
		key, err := hkdf.Key(sha256.New, root, nil, "sparekey "+purpose+" v1", KeySize)
		if err != nil {
			return ring{}, fmt.Errorf("derive key: %w", err)
		}
		derived[i] = key
	}
	id, seal, mac, cookie := derived[0], derived[1], derived[2], derived[3]
	block, err := aes.NewCipher(seal)
	if err != nil {
		return ring{}, fmt.Errorf("derive key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return ring{}, fmt.Errorf("derive key: %w", err)
	}
	return ring{id: [4]byte(id[:4]), aead: aead, mac: mac, cookie: cookie, cookieHash: derived[4], cookieBlock: derived[5], challenge: derived[6]}, nil
}

// sealVersion is the first byte of everything sealed.
const sealVersion = 1

// Seal encrypts plain with AES-256-GCM and a fresh nonce. name is bound to it
// as associated data: moved under another name the value does not open.
func (k *Keys) Seal(name string, plain []byte) []byte {
	r := k.now.Load().rings[0]
	out := make([]byte, 0, 5+len(plain)+r.aead.Overhead())
	out = append(out, sealVersion)
	out = append(out, r.id[:]...)
	return r.aead.Seal(out, nil, plain, []byte(name))
}

// Open is the reverse of [Keys.Seal]. Its only error is [ErrOpen].
func (k *Keys) Open(name string, sealed []byte) ([]byte, error) {
	if len(sealed) < 5 || sealed[0] != sealVersion {
		return nil, ErrOpen
	}
	for _, r := range k.now.Load().rings {
		if [4]byte(sealed[1:5]) != r.id {
			continue
		}
		plain, err := r.aead.Open(nil, nil, sealed[5:], []byte(name))
		if err != nil {
			return nil, ErrOpen
		}
		return plain, nil
	}
	return nil, ErrOpen
}

// MAC is HMAC-SHA256 over the parts with the newest key. purpose keeps values
// of different uses apart, and every part is prefixed with its length, so that
// ("ab","c") and ("a","bc") differ.
func (k *Keys) MAC(purpose string, parts ...string) []byte {
	return k.now.Load().rings[0].sum(purpose, parts)
}

// MACs is [Keys.MAC] with every key, newest first, for looking up records
// whose names were made before a key change.
func (k *Keys) MACs(purpose string, parts ...string) [][]byte {
	var out [][]byte
	for _, r := range k.now.Load().rings {
		out = append(out, r.sum(purpose, parts))
	}
	return out
}

// CheckMAC compares in constant time against every key. An empty mac is never
// right: "nothing was sent" must not match anything.
func (k *Keys) CheckMAC(mac []byte, purpose string, parts ...string) bool {
	ok := false
	for _, r := range k.now.Load().rings {
		if hmac.Equal(mac, r.sum(purpose, parts)) {
			ok = true
		}
	}
	return ok && len(mac) > 0
}

func (r ring) sum(purpose string, parts []string) []byte {
	return sumOf(r.mac, append([]string{purpose}, parts...))
}

// sumOf is HMAC-SHA256 over parts, each after its length.
func sumOf(key []byte, parts []string) []byte {
	h := hmac.New(sha256.New, key)
	for _, p := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		h.Write(n[:])
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}

// NewRoot makes a root key.
func NewRoot() []byte {
	b := make([]byte, KeySize)
	rand.Read(b) // never fails: the runtime ends the process instead
	return b
}
