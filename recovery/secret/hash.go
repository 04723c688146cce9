package secret

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
)

// ErrBusy says that too many hashes are waiting. Answer 503 with Retry-After.
var ErrBusy = errors.New("too many password checks at once")

// ErrHash says that a stored hash cannot be read.
var ErrHash = errors.New("password hash is not a readable argon2id string")

// HashParams are the costs of argon2id (RFC 9106). The zero value means
// [DefaultHash].
type HashParams struct {
	Time    uint32 `json:"time,omitempty"`   // passes, default 3
	Memory  uint32 `json:"memory,omitempty"` // KiB, default 65536
	Threads uint8  `json:"threads,omitempty"`
}

// DefaultHash is t=3, m=64 MiB, p=1: above the OWASP minimum, about 0.1 s on a
// small server core.
func DefaultHash() HashParams { return HashParams{Time: 3, Memory: 64 << 10, Threads: 1} }

// Hasher hashes passwords with argon2id, a bounded number at a time: each run
// holds its whole memory, so 50 at once would take 3 GiB (TH-10).
type Hasher struct {
	params  HashParams
	slots   chan struct{}
	waiting atomic.Int64
	queue   int64
	dummy   string
	costs   atomic.Pointer[lookCosts] // of every look
}

// NewHasher allows max(1, cores/2) runs at a time and queue more to wait
// (zero: 256). Calls beyond that fail with [ErrBusy].
func NewHasher(p HashParams, queue int) *Hasher {
	if p == (HashParams{}) {
		p = DefaultHash()
	}
	if queue == 0 {
		queue = 256
	}
	h := &Hasher{
		params: p,
		slots:  make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)),
		queue:  int64(queue),
	}
	h.costs.Store(&lookCosts{own: []HashParams{p}})
	h.dummy = encode(p, make([]byte, saltSize), make([]byte, hashSize))
	return h
}

const (
	saltSize = 16
	hashSize = 32
)

// Load is how many hashes run now, and how many have a place in the queue.
func (h *Hasher) Load() (running, waiting int) { return len(h.slots), int(h.waiting.Load()) }

// Slots tells how many hashes run at a time.
func (h *Hasher) Slots() int { return cap(h.slots) }

// Hash returns the PHC string of password.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	sum, err := h.own(ctx, []byte(password), salt, h.params)
	if err != nil {
		return "", err
	}
	return encode(h.params, salt, sum), nil
}

// Cost is what a hash made now costs.
func (h *Hasher) Cost() HashParams { return h.params }

// String is the cost as it stands in a PHC string.
func (p HashParams) String() string {
	return fmt.Sprintf("m=%d,t=%d,p=%d", p.Memory, p.Time, p.Threads)
}

// place is one in the queue that is taken before its hash begins.
type place struct {
	hasher *Hasher
	held   atomic.Bool
}

type placeKey struct{}

// Queue takes a place in the queue for the hashes made with the context, or
// fails with [ErrBusy]. leave gives it back if none was made.
func (h *Hasher) Queue(ctx context.Context) (placed context.Context, leave func(), err error) {
	if h.waiting.Add(1) > h.queue {
		h.waiting.Add(-1)
		return ctx, func() {}, ErrBusy
	}
	p := &place{hasher: h}
	p.held.Store(true)
	return context.WithValue(ctx, placeKey{}, p), func() {
		if p.held.Swap(false) {
			h.waiting.Add(-1)
		}
	}, nil
}

// enter counts one more that waits, and tells whether there was room. Whoever
// had a place has room for every hash.
func (h *Hasher) enter(ctx context.Context) bool {
	p, _ := ctx.Value(placeKey{}).(*place)
	placed := p != nil && p.hasher == h
	if placed && p.held.Swap(false) {
		return true
	}
	if h.waiting.Add(1) > h.queue && !placed {
		h.waiting.Add(-1)
		return false
	}
	return true
}

// own makes one run of ours.
func (h *Hasher) own(ctx context.Context, input, salt []byte, p HashParams) ([]byte, error) {
	return h.run(ctx, p.Memory, func() []byte { return argon2.IDKey(input, salt, p.Time, p.Memory, p.Threads, hashSize) })
}

// run does work that holds so many KiB when it is its turn.
func (h *Hasher) run(ctx context.Context, memory uint32, work func() []byte) ([]byte, error) {
	if !h.enter(ctx) {
		return nil, ErrBusy
	}
	select {
	case h.slots <- struct{}{}:
	case <-ctx.Done():
		h.waiting.Add(-1)
		return nil, fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
	h.waiting.Add(-1)
	defer func() {
		// The run leaves its memory behind as garbage. Go would begin the next
		// one beside it; even after a collection small objects settle in the
		// gap, and the system still counts its pages as ours. Giving them back
		// costs a quarter of the run's time and halves the peak. It is a whole
		// collection, so for a run of little memory it would be all cost.
		if memory >= 1<<10 {
			debug.FreeOSMemory()
		}
		<-h.slots
	}()
	return work(), nil
}

func encode(p HashParams, salt, sum []byte) string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$%s$%s$%s", argon2.Version, p, b64(salt), b64(sum))
}

// parseCost refuses costs that would let a planted record stop the server.
func parseCost(text string) (p HashParams, err error) {
	if _, err := fmt.Sscanf(text, "m=%d,t=%d,p=%d", &p.Memory, &p.Time, &p.Threads); err != nil {
		return p, ErrHash
	}
	if p.Memory == 0 || p.Memory > 1<<20 || p.Time == 0 || p.Time > 20 || p.Threads == 0 {
		return p, ErrHash
	}
	return p, nil
}

// decode reads a PHC string, or returns [ErrHash].
func decode(phc string) (p HashParams, salt, sum []byte, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, ErrHash
	}
	if p, err = parseCost(parts[3]); err != nil {
		return p, nil, nil, err
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	sum, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(sum) != hashSize || len(salt) < 8 {
		return p, nil, nil, ErrHash
	}
	return p, salt, sum, nil
}
