package secret

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	//lint:ignore SA1019 bcrypt is made of it
	"golang.org/x/crypto/blowfish" //nolint:staticcheck // as above
	"golang.org/x/crypto/scrypt"
)

const (
	foreignMemory = 256 << 10 // KiB
	foreignRounds = 1_000_000
	bcryptMost    = 14
)

func argon2Kind() *foreignKind {
	return &foreignKind{
		name: "argon2id", prefix: []string{fmt.Sprintf("$argon2id$v=%d$", argon2.Version)},
		read: func(rest string) (f Foreign, sum []byte, err error) {
			costs, salt, out, err := threeParts(rest)
			if err != nil {
				return f, nil, err
			}
			if f.n, err = named(costs, "m", "t", "p"); err != nil {
				return f, nil, err
			}
			return f.salted(salt, out, base64.RawStdEncoding)
		},
		// Time times memory is bounded too: that is what a look takes.
		allowed: func(n costNumbers) bool {
			return n[0] >= 8 && n[0] <= foreignMemory && n[1] >= 1 && n[2] >= 1 && n[2] <= 16 && uint64(n[0])*uint64(n[1]) <= 8*foreignMemory
		},
		memory: func(n costNumbers) uint32 { return n[0] },
		sum: func(password []byte, n costNumbers, salt []byte, size int) []byte {
			return argon2.IDKey(password, salt, n[1], n[0], uint8(n[2]), uint32(size))
		},
	}
}

func scryptKind() *foreignKind {
	kib := func(n costNumbers) uint64 { return uint64(n[1]) << min(n[0], 40) / 8 } // 128 bytes times N times r
	return &foreignKind{
		name: "scrypt", prefix: []string{"$scrypt$"},
		read: func(rest string) (f Foreign, sum []byte, err error) {
			costs, salt, out, err := threeParts(rest)
			if err != nil {
				return f, nil, err
			}
			if f.n, err = named(costs, "ln", "r", "p"); err != nil {
				return f, nil, err
			}
			return f.salted(salt, out, base64.RawStdEncoding)
		},
		allowed: func(n costNumbers) bool {
			return n[0] >= 1 && n[0] <= 24 && n[1] >= 1 && n[1] <= 64 && n[2] >= 1 && n[2] <= 16 &&
				kib(n) <= foreignMemory && kib(n)*uint64(n[2]) <= 4*foreignMemory
		},
		memory: func(n costNumbers) uint32 { return uint32(kib(n)) },
		sum: func(password []byte, n costNumbers, salt []byte, size int) []byte {
			sum, err := scrypt.Key(password, salt, 1<<n[0], int(n[1]), int(n[2]), size)
			if err != nil {
				return nil // costs that scrypt refuses are right for nobody
			}
			return sum
		},
	}
}

// pbkdf2Kind is as passlib writes it: base64 with a dot in the place of the plus.
func pbkdf2Kind(name string) *foreignKind {
	encoding := base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./").WithPadding(base64.NoPadding)
	return &foreignKind{
		name: name, prefix: []string{"$" + name + "$"},
		read: func(rest string) (f Foreign, sum []byte, err error) {
			rounds, salt, out, err := threeParts(rest)
			if err != nil {
				return f, nil, err
			}
			if f.n[0], err = rounded(rounds); err != nil {
				return f, nil, err
			}
			return f.salted(strings.ReplaceAll(salt, "+", "."), strings.ReplaceAll(out, "+", "."), encoding)
		},
		allowed: func(n costNumbers) bool { return n[0] >= 1 && n[0] <= foreignRounds },
		memory:  func(costNumbers) uint32 { return 0 },
		sum: func(password []byte, n costNumbers, salt []byte, size int) []byte {
			hash := sha256.New
			if name == "pbkdf2-sha512" {
				hash = sha512.New
			}
			sum, err := pbkdf2.Key(hash, string(password), salt, int(n[0]), size)
			if err != nil {
				return nil
			}
			return sum
		},
	}
}

func bcryptKind() *foreignKind {
	const saltLetters, sumLetters = 22, 31
	encoding := base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)
	return &foreignKind{
		name: "bcrypt", prefix: []string{"$2a$", "$2b$", "$2y$"}, longest: 72,
		read: func(rest string) (f Foreign, sum []byte, err error) {
			cost, body, _ := strings.Cut(rest, "$")
			n, err := strconv.ParseUint(cost, 10, 8)
			if err != nil || len(cost) != 2 || len(body) != saltLetters+sumLetters {
				return f, nil, ErrForeignDamaged
			}
			f.n[0] = uint32(n)
			if f.salt, err = encoding.DecodeString(body[:saltLetters]); err != nil {
				return f, nil, err
			}
			sum, err = encoding.DecodeString(body[saltLetters:])
			return f, sum, err
		},
		allowed: func(n costNumbers) bool { return n[0] >= 4 && n[0] <= bcryptMost },
		memory:  func(costNumbers) uint32 { return 0 },
		sum: func(password []byte, n costNumbers, salt []byte, size int) []byte {
			return bcryptSum(password, n[0], salt)[:min(size, 24)]
		},
	}
}

// bcryptSum is bcrypt with a salt that is given, which the package that everybody
// uses does not offer.
func bcryptSum(password []byte, cost uint32, salt []byte) []byte {
	key := append(append([]byte{}, password...), 0)
	c, err := blowfish.NewSaltedCipher(key, salt)
	if err != nil {
		return make([]byte, 24)
	}
	for range uint64(1) << cost {
		blowfish.ExpandKey(key, c)
		blowfish.ExpandKey(salt, c)
	}
	out := []byte("OrpheanBeholderScryDoubt")
	for i := 0; i < len(out); i += 8 {
		for range 64 {
			c.Encrypt(out[i:i+8], out[i:i+8])
		}
	}
	return out
}

func (f Foreign) salted(salt, out string, encoding *base64.Encoding) (_ Foreign, sum []byte, err error) {
	if f.salt, err = encoding.DecodeString(salt); err != nil || len(f.salt) < 4 || len(f.salt) > 128 {
		return f, nil, ErrForeignDamaged
	}
	if sum, err = encoding.DecodeString(out); err != nil || !usual(len(sum)) {
		return f, nil, ErrForeignDamaged
	}
	return f, sum, nil
}

func threeParts(rest string) (a, b, c string, err error) {
	parts := strings.Split(rest, "$")
	if len(parts) != 3 {
		return "", "", "", ErrForeignDamaged
	}
	return parts[0], parts[1], parts[2], nil
}

// named reads "m=65536,t=3,p=4", each name once, in any order.
func named(text string, names ...string) (n costNumbers, err error) {
	parts := strings.Split(text, ",")
	if len(parts) != len(names) {
		return n, ErrForeignDamaged
	}
	for i, name := range names {
		found := false
		for _, p := range parts {
			if value, ok := strings.CutPrefix(p, name+"="); ok && !found {
				if n[i], err = rounded(value); err != nil {
					return n, err
				}
				found = true
			}
		}
		if !found {
			return n, ErrForeignDamaged
		}
	}
	return n, nil
}

// rounded reads a number of the costs. One that is beyond all bounds is one that is
// not allowed, and not damage.
func rounded(text string) (uint32, error) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, ErrForeignDamaged
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		n = 1<<32 - 1
	}
	return uint32(n), nil
}
