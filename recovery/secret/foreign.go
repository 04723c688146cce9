package secret

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Errors of [ReadForeign]. None of them holds anything of the hash.
var (
	ErrForeignWeak    = errors.New("the password is stored plainly or by MD5, SHA-1 or DES, which is as good as plainly")
	ErrForeignUnknown = errors.New("this kind of hash is not known here")
	ErrForeignDamaged = errors.New("the hash is cut off or damaged")
	ErrForeignCost    = errors.New("the hash costs more than is allowed here: 256 MiB, bcrypt 14, a million rounds")
)

// Foreign is how another program hashes a password: kind, costs and salt, without
// what came of it.
type Foreign struct {
	kind *foreignKind
	n    costNumbers
	size int // bytes of what comes of it
	salt []byte
}

// costNumbers are what a kind takes for its costs, in its own order.
type costNumbers [3]uint32

// foreignKind is a kind of hash that can be taken over.
type foreignKind struct {
	name   string
	prefix []string // of the text of a hash
	// read reads what follows the prefix.
	read func(rest string) (f Foreign, sum []byte, err error)
	// allowed tells whether the costs are bearable.
	allowed func(n costNumbers) bool
	// longest is how many bytes of a password are hashed; zero: all. A longer one is
	// wrong, and costs what one of this length does.
	longest int
	memory  func(n costNumbers) uint32 // KiB, 0: next to nothing
	sum     func(password []byte, n costNumbers, salt []byte, size int) []byte
}

func foreignKinds() []*foreignKind {
	return []*foreignKind{argon2Kind(), scryptKind(), pbkdf2Kind("pbkdf2-sha256"), pbkdf2Kind("pbkdf2-sha512"), bcryptKind(), shaCryptKind("5"), shaCryptKind("6")}
}

// ReadForeign reads the hash of another program: how it was made, and what came of
// it. MD5, SHA-1, DES and plain passwords are [ErrForeignWeak].
func ReadForeign(text string) (f Foreign, sum []byte, err error) {
	if len(text) > 1024 {
		return f, nil, ErrForeignDamaged
	}
	for _, k := range foreignKinds() {
		for _, prefix := range k.prefix {
			rest, ok := strings.CutPrefix(text, prefix)
			if !ok {
				continue
			}
			if f, sum, err = k.read(rest); err != nil {
				return Foreign{}, nil, ErrForeignDamaged
			}
			f.kind, f.size = k, len(sum)
			if !k.allowed(f.n) {
				return Foreign{}, nil, ErrForeignCost
			}
			return f, sum, nil
		}
	}
	if known := []string{"$1$", "$apr1$", "$pbkdf2$", "{SHA}", "{SSHA}", "{MD5}", "{SMD5}"}; !strings.HasPrefix(text, "$") && !strings.HasPrefix(text, "{") ||
		slices.ContainsFunc(known, func(p string) bool { return strings.HasPrefix(text, p) }) {
		return f, nil, ErrForeignWeak
	}
	return f, nil, ErrForeignUnknown
}

// Cost names what it costs.
func (f Foreign) Cost() string {
	return fmt.Sprintf("%s:%d,%d,%d:%d", f.kind.name, f.n[0], f.n[1], f.n[2], f.size)
}

// readForeignCost reads [Foreign.Cost].
func readForeignCost(text string) (f Foreign, err error) {
	name, rest, _ := strings.Cut(text, ":")
	numbers, size, _ := strings.Cut(rest, ":")
	parts := strings.Split(numbers, ",")
	i := slices.IndexFunc(foreignKinds(), func(k *foreignKind) bool { return k.name == name })
	if i < 0 || len(parts) != len(f.n) {
		return f, ErrHash
	}
	f.kind = foreignKinds()[i]
	for i, p := range parts {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return f, ErrHash
		}
		f.n[i] = uint32(n)
	}
	if f.size, err = strconv.Atoi(size); err != nil || f.size < 1 || f.size > maxForeign || !f.kind.allowed(f.n) {
		return f, ErrHash
	}
	return f, nil
}

// maxForeign bounds what comes of a hash, in bytes.
const maxForeign = 128

// String is the text of it in a stored hash.
func (f Foreign) String() string {
	return f.Cost() + ":" + base64.RawStdEncoding.EncodeToString(f.salt)
}

// readForeignText reads [Foreign.String].
func readForeignText(text string) (Foreign, error) {
	i := strings.LastIndexByte(text, ':')
	if i < 0 {
		return Foreign{}, ErrHash
	}
	f, err := readForeignCost(text[:i])
	if err != nil {
		return f, err
	}
	if f.salt, err = base64.RawStdEncoding.DecodeString(text[i+1:]); err != nil {
		return f, ErrHash
	}
	return f, nil
}

// of hashes a password as the other program does. What that refuses for its length
// gives something else than any of its hashes.
func (f Foreign) of(password string, salt []byte) []byte {
	p, long := []byte(password), false
	if f.kind.longest > 0 && len(p) > f.kind.longest {
		p, long = p[:f.kind.longest], true
	}
	sum := f.kind.sum(p, f.n, salt, f.size)
	if long {
		sum = append(sum, 0)
	}
	return sum
}

// usual tells whether this many bytes come of a hash in the real world: of one that
// was cut off, any number would be left.
func usual(size int) bool { return slices.Contains([]int{16, 20, 24, 32, 48, 64}, size) }
