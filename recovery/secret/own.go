package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
)

// OwnKeySize is the length in bytes of a key for [SealFor].
const OwnKeySize = 16

// NewOwnKey makes a key for [SealFor].
func NewOwnKey() []byte {
	b := make([]byte, OwnKeySize)
	rand.Read(b) // never fails: the runtime ends the process instead
	return b
}

// SealFor encrypts plain with a key of its own, which is kept apart: with that key
// gone nothing opens it, whatever root keys there are. name is bound to it.
func SealFor(key []byte, name string, plain []byte) ([]byte, error) {
	aead, err := ownAEAD(key)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, plain, []byte(name)), nil
}

// OpenFor is the reverse of [SealFor]. Its only error is [ErrOpen].
func OpenFor(key []byte, name string, sealed []byte) ([]byte, error) {
	aead, err := ownAEAD(key)
	if err != nil {
		return nil, ErrOpen
	}
	plain, err := aead.Open(nil, nil, sealed, []byte(name))
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

func ownAEAD(key []byte) (cipher.AEAD, error) {
	if len(key) != OwnKeySize {
		return nil, ErrKey
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// MACBy is [Keys.MAC] with the key of that id; false: it is not here.
func (k *Keys) MACBy(id, purpose string, parts ...string) ([]byte, bool) {
	for _, r := range k.now.Load().rings {
		if hex.EncodeToString(r.id[:]) == id {
			return r.sum(purpose, parts), true
		}
	}
	return nil, false
}

// MACNewest is [Keys.MAC], with the id of the key it was made with.
func (k *Keys) MACNewest(purpose string, parts ...string) (id string, mac []byte) {
	r := k.now.Load().rings[0]
	return hex.EncodeToString(r.id[:]), r.sum(purpose, parts)
}
