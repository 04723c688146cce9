package recovery_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
)

// stub is a method under a name that is kept free.
type stub struct {
	recovery.Method
	name string
}

// Traits implements [recovery.Method].
func (s stub) Traits() recovery.Traits {
	return recovery.Traits{Name: s.name, Source: s.name, Class: recovery.ClassHeld}
}

// The sentence about a proof of a later version ends with its method.
func TestLaterEndsWithTheMethod(t *testing.T) {
	for _, name := range []string{recovery.OtherDevice} {
		p := recovery.Default()
		p.Ways[recovery.GoalBoth] = []recovery.Way{{Proofs: []string{name, recovery.RecoveryCode}, Line: "Caddyfile:7"}}
		without := method.All(method.Set{Has: everything})
		err := p.Validate(without)
		if err == nil || !strings.Contains(err.Error(), "Caddyfile:7: recover both: \""+name+"\" is not available in this version") {
			t.Errorf("%s: got %v, want that it is not available", name, err)
		}
		list := []recovery.Method{stub{name: name}}
		for _, n := range without.Names() {
			list = append(list, without.Get(n))
		}
		with := recovery.NewMethods(everything, list...)
		if err := p.Validate(with); err != nil || slices.Contains(with.Later(), name) {
			t.Errorf("%s, built: got %v, later %v, want it to be a proof", name, err, with.Later())
		}
	}
}
