package engine_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// drawWide is drawCase with the rest of the grammar: ways that the operator
// accepts although they are weaker than the login, one person who vouches,
// rescue, and a PIN that is asked for in addition.
func drawWide(seed uint64) randomCase {
	r := rand.New(rand.NewPCG(seed, 1))
	for {
		c := randomCase{policy: drawPolicy(r), noMail: r.IntN(8) == 0, noText: r.IntN(4) == 0}
		for _, goal := range recovery.Goals() {
			extra := []string{recovery.VouchedBy, recovery.Rescue}[r.IntN(2)]
			for i := range c.policy.Ways[goal] {
				widen(r, &c.policy.Ways[goal][i], extra)
			}
		}
		if r.IntN(2) == 0 {
			kinds := []recovery.Kind{recovery.KindRecover, recovery.KindChangePassword}
			c.policy.Ask = map[string][]recovery.Kind{recovery.PIN: kinds[r.IntN(2):]}
		}
		if refused := slices.ContainsFunc(lint.Check(c.table()), func(f lint.Finding) bool { return f.Severity == lint.Error }); refused {
			continue
		}
		c.shape = c.drawShape(r)
		return c
	}
}

// widen makes a way one that only an operator would write.
func widen(r *rand.Rand, w *recovery.Way, extra string) {
	w.WeakOK = r.IntN(2) == 0
	if r.IntN(3) == 0 {
		w.Proofs = append(slices.Clone(w.Proofs[1:]), extra)
	}
}

// wideSeeds are of the quick ones among the first 39, with most sets.
func wideSeeds() []uint64 { return []uint64{15, 17, 24, 33, 36, 37} }

// TestLintIsExactForTheWholeGrammar draws policies and accounts.
func TestLintIsExactForTheWholeGrammar(t *testing.T) {
	recoverytest.SlowAlone(t)
	t.Parallel()
	for _, seed := range wideSeeds() {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			drawWide(seed).explore(t)
		})
	}
}

// TestSoakLintIsExactForTheWholeGrammar draws a hundred of them.
func TestSoakLintIsExactForTheWholeGrammar(t *testing.T) {
	if os.Getenv("SPAREKEY_SOAK") == "" {
		t.Skip("make soak runs it")
	}
	for seed := range uint64(100) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			t.Parallel()
			drawWide(seed + 1).explore(t)
		})
	}
}
