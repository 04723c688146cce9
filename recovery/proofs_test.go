package recovery_test

import (
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/method"
)

// The lint has a table of its own, so that a mistake in a method's traits is no
// mistake of its judge. What the two say must agree.
func TestTheLintKnowsEveryProof(t *testing.T) {
	known := map[string]lint.Proof{}
	for _, p := range lint.Base().Proofs {
		known[p.Name] = p
	}
	sources := map[string]string{} // of the methods, by that of the lint
	all := method.All(method.Set{})
	for _, name := range all.Names() {
		traits := all.Get(name).Traits()
		p, ok := known[name]
		switch {
		case traits.Class == "" && ok:
			t.Errorf("%s: the lint has a row for it, but it may stand in no way", name)
		case traits.Class == "":
			continue
		case !ok:
			t.Errorf("%s: the lint has no row for it: add one in baseProofs", name)
			continue
		}
		if string(traits.Class) != string(p.Class) || traits.Factor != p.Factor || traits.Channel != p.Channel {
			t.Errorf("%s: got class %q, factor %v, channel %q; the lint says %q, %v, %q", name, traits.Class, traits.Factor, traits.Channel, p.Class, p.Factor, p.Channel)
		}
		if other, ok := sources[string(p.Source)]; ok && other != traits.Source {
			t.Errorf("%s: rests on %q, another proof of the lint's source %q on %q", name, traits.Source, p.Source, other)
		}
		sources[string(p.Source)] = traits.Source
	}
}
