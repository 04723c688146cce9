package secret

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// lookCosts are the runs that every look at a password makes, each cost once and in
// one order: those of other programs first, whose passwords were brought along.
type lookCosts struct {
	foreign []Foreign // without salt
	own     []HashParams
}

// stored is a hash as it is kept: ours, over the password or over what another
// program's hash of it has come to.
type stored struct {
	foreign *Foreign // nil: over the password
	cost    HashParams
	salt    []byte
	sum     []byte
}

const wrapped = "|" // between what another program does and our own hash of it

func readStored(text string) (s stored, err error) {
	if foreign, phc, ok := strings.Cut(text, wrapped); ok {
		f, err := readForeignText(foreign)
		if err != nil {
			return s, err
		}
		s.foreign, text = &f, phc
	}
	s.cost, s.salt, s.sum, err = decode(text)
	return s, err
}

// Wrap hashes what another program's hash of a password has come to, so that
// nothing of it is kept that is weaker than ours.
func (h *Hasher) Wrap(ctx context.Context, f Foreign, sum []byte) (string, error) {
	salt := make([]byte, saltSize)
	rand.Read(salt)
	out, err := h.own(ctx, sum, salt, h.params)
	if err != nil {
		return "", err
	}
	return f.String() + wrapped + encode(h.params, salt, out), nil
}

// Verify is [Hasher.Look] for what has one form only.
func (h *Hasher) Verify(ctx context.Context, hash, password string) (ok, stale bool, err error) {
	return h.Look(ctx, hash, password, password)
}

// Burn costs what Verify costs and is never right: for people who do not exist
// (EN-02).
func (h *Hasher) Burn(ctx context.Context, password string) error {
	return h.BurnLook(ctx, password, password)
}

// BurnLook is Burn for [Hasher.Look].
func (h *Hasher) BurnLook(ctx context.Context, password, typed string) error {
	_, _, err := h.Look(ctx, h.dummy, password, typed)
	return err
}

// Look compares a password with a hash that is kept. A hash that was brought along
// is compared with what was typed, byte for byte, and then in the composed form of
// Unicode: the other program may have got either. stale tells that the hash should
// be replaced by one of today. A wrong password is false and no error.
func (h *Hasher) Look(ctx context.Context, hash, password, typed string) (ok, stale bool, err error) {
	s, err := readStored(hash)
	if err != nil {
		return false, false, err
	}
	costs := h.costs.Load().with(s)
	inputs, err := h.inputs(ctx, costs, s, password, typed)
	if err != nil {
		return false, false, err
	}
	for _, cost := range costs.own {
		salt := make([]byte, saltSize)
		if cost == s.cost {
			salt = s.salt
		}
		for _, input := range inputs {
			sum, err := h.own(ctx, input, salt, cost)
			if err != nil {
				return false, false, err
			}
			if cost == s.cost && subtle.ConstantTimeCompare(sum, s.sum) == 1 {
				ok = true
			}
		}
	}
	return ok, s.foreign != nil || s.cost != h.params, nil
}

// inputs are what our own hash is made of: the password, or what the other program
// makes of it. There are as many, made by the same runs, for every password.
func (h *Hasher) inputs(ctx context.Context, costs lookCosts, s stored, password, typed string) ([][]byte, error) {
	if len(costs.foreign) == 0 {
		return [][]byte{[]byte(password)}, nil
	}
	var inputs [][]byte
	for _, form := range forms(typed) {
		input := []byte(password)
		for _, f := range costs.foreign {
			real := s.foreign != nil && f.Cost() == s.foreign.Cost()
			salt := make([]byte, saltSize)
			if real {
				salt = s.foreign.salt
			}
			sum, err := h.run(ctx, f.kind.memory(f.n), func() []byte { return f.of(form, salt) })
			if err != nil {
				return nil, err
			}
			if real {
				input = sum
			}
		}
		inputs = append(inputs, input)
	}
	return inputs, nil
}

// forms are what another program may have been given for what was typed here.
func forms(typed string) []string {
	if composed := norm.NFC.String(typed); composed != typed {
		return []string{typed, composed}
	}
	return []string{typed}
}

// with adds what a hash costs that nobody told us of.
func (c lookCosts) with(s stored) lookCosts {
	if !slices.Contains(c.own, s.cost) {
		c.own = append(slices.Clip(c.own), s.cost)
	}
	if s.foreign != nil && !c.has(*s.foreign) {
		c.foreign = append(slices.Clip(c.foreign), *s.foreign)
	}
	return c
}

func (c lookCosts) has(f Foreign) bool {
	return slices.ContainsFunc(c.foreign, func(x Foreign) bool { return x.Cost() == f.Cost() })
}

// Match makes every look cost all of these, each once, beside today's: it takes
// the same runs in the same order for every password and for nobody's. What
// cannot be read is left out.
func (h *Hasher) Match(costs []string) {
	c := lookCosts{own: []HashParams{h.params}}
	for _, text := range costs {
		s, err := readCost(text)
		if err == nil {
			c = c.with(s)
		}
	}
	slices.SortFunc(c.own, func(a, b HashParams) int { return strings.Compare(a.String(), b.String()) })
	slices.SortFunc(c.foreign, func(a, b Foreign) int { return strings.Compare(a.Cost(), b.Cost()) })
	h.costs.Store(&c)
}

const brought = ";" // between what it costs another program and what it costs us

// CostOf names what a look at a hash costs, for [Hasher.Match].
func CostOf(hash string) (string, error) {
	s, err := readStored(hash)
	switch {
	case err != nil:
		return "", err
	case s.foreign != nil:
		return s.foreign.Cost() + brought + s.cost.String(), nil
	}
	return s.cost.String(), nil
}

// Brought tells whether a cost is that of a hash of another program.
func Brought(cost string) bool { return strings.Contains(cost, brought) }

func readCost(text string) (s stored, err error) {
	if foreign, own, ok := strings.Cut(text, brought); ok {
		f, err := readForeignCost(foreign)
		if err != nil {
			return s, err
		}
		s.foreign, text = &f, own
	}
	s.cost, err = parseCost(text)
	return s, err
}
