package secret

import (
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"strings"
)

// shaCryptKind is SHA-256-crypt ("5") or SHA-512-crypt ("6"), as the system's
// passwords have it (Drepper's specification of 2007). What comes of it is its
// text, whose letters stand in an order of their own.
func shaCryptKind(id string) *foreignKind {
	k := shaCrypt{sha256.New, 43, orderOf256}
	name := "sha256-crypt"
	if id == "6" {
		k, name = shaCrypt{sha512.New, 86, orderOf512}, "sha512-crypt"
	}
	return &foreignKind{
		name: name, prefix: []string{"$" + id + "$", "{CRYPT}$" + id + "$"}, longest: 256, // each round hashes the whole password
		read:    k.read,
		allowed: func(n costNumbers) bool { return n[0] >= 1000 && n[0] <= foreignRounds },
		memory:  func(costNumbers) uint32 { return 0 },
		sum:     func(password []byte, n costNumbers, salt []byte, _ int) []byte { return k.sum(password, salt, n[0]) },
	}
}

type shaCrypt struct {
	hash    func() hash.Hash
	letters int
	order   string
}

const (
	cryptLetters = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	defaultCrypt = 5000 // rounds where none are written
	cryptSalt    = 16   // letters, at most
)

func (k shaCrypt) read(rest string) (f Foreign, sum []byte, err error) {
	f.n[0] = defaultCrypt
	if text, ok := strings.CutPrefix(rest, "rounds="); ok {
		number, more, _ := strings.Cut(text, "$")
		if f.n[0], err = rounded(number); err != nil {
			return f, nil, err
		}
		rest = more
	}
	salt, out, ok := strings.Cut(rest, "$")
	if !ok || len(salt) > cryptSalt || len(out) != k.letters || strings.Trim(out, cryptLetters) != "" {
		return f, nil, ErrForeignDamaged
	}
	f.salt = []byte(salt)
	return f, []byte(out), nil
}

func (k shaCrypt) sum(password, salt []byte, rounds uint32) []byte {
	one := k.of(password, salt, password)
	h := k.hash()
	h.Write(password)
	h.Write(salt)
	h.Write(stretch(one, len(password)))
	for n := len(password); n > 0; n >>= 1 {
		if n&1 == 1 {
			h.Write(one)
		} else {
			h.Write(password)
		}
	}
	a := h.Sum(nil)
	p := stretch(k.repeated(password, len(password)), len(password))
	s := stretch(k.repeated(salt, 16+int(a[0])), len(salt))
	for i := range rounds {
		h.Reset()
		k.round(h, i, a, p, s)
		a = h.Sum(a[:0])
	}
	return k.text(a)
}

func (shaCrypt) round(h hash.Hash, i uint32, a, p, s []byte) {
	first, last := a, p
	if i&1 == 1 {
		first, last = p, a
	}
	h.Write(first)
	if i%3 != 0 {
		h.Write(s)
	}
	if i%7 != 0 {
		h.Write(p)
	}
	h.Write(last)
}

func (k shaCrypt) of(parts ...[]byte) []byte {
	h := k.hash()
	for _, p := range parts {
		h.Write(p)
	}
	return h.Sum(nil)
}

func (k shaCrypt) repeated(part []byte, times int) []byte {
	h := k.hash()
	for range times {
		h.Write(part)
	}
	return h.Sum(nil)
}

func stretch(sum []byte, n int) []byte {
	out := make([]byte, 0, n)
	for len(out) < n {
		out = append(out, sum[:min(len(sum), n-len(out))]...)
	}
	return out
}

// Three bytes make four letters, the last ones fewer. The orders are the places of
// these bytes.
const (
	orderOf256 = "\x00\x0a\x14\x15\x01\x0b\x0c\x16\x02\x03\x0d\x17\x18\x04\x0e\x0f\x19\x05\x06\x10\x1a\x1b\x07\x11\x12\x1c\x08\x09\x13\x1d\xff\x1f\x1e"
	orderOf512 = "\x00\x15\x2a\x16\x2b\x01\x2c\x02\x17\x03\x18\x2d\x19\x2e\x04\x2f\x05\x1a\x06\x1b\x30\x1c\x31\x07\x32\x08\x1d\x09\x1e\x33\x1f\x34\x0a" +
		"\x35\x0b\x20\x0c\x21\x36\x22\x37\x0d\x38\x0e\x23\x0f\x24\x39\x25\x3a\x10\x3b\x11\x26\x12\x27\x3c\x28\x3d\x13\x3e\x14\x29\xff\xff\x3f"
)

func (k shaCrypt) text(a []byte) []byte {
	at := func(i byte) uint32 {
		if int(i) >= len(a) {
			return 0
		}
		return uint32(a[i])
	}
	var out []byte
	for i := 0; i < len(k.order); i += 3 {
		w := at(k.order[i])<<16 | at(k.order[i+1])<<8 | at(k.order[i+2])
		for range min(4, k.letters-len(out)) {
			out = append(out, cryptLetters[w&63])
			w >>= 6
		}
	}
	return out
}
