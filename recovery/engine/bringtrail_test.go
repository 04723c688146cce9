package engine_test

import (
	"bytes"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// backup is what a backup of a world takes.
func backup(t *testing.T, w *recoverytest.World) []kv.Carried {
	t.Helper()
	var out []kv.Carried
	for page := (engine.CarryPage{}); !page.Done; {
		var err error
		if page, err = w.Engine.Carry(t.Context(), page); err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			c, err := kv.OpenRaw(w.Keys, r.Key, r.Sealed)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, c)
		}
	}
	return out
}

// broughtBack is another host with that backup.
func broughtBack(t *testing.T, from *recoverytest.World, list []kv.Carried) *recoverytest.World {
	t.Helper()
	to := recoverytest.New(t, recoverytest.WithDriver(memkv.New()), func(w *recoverytest.World) { w.Keys = from.Keys })
	to.Clock.Move(from.Clock.Now().Sub(to.Clock.Now()))
	to.Engine.Refused(t.Context(), recovery.Event{Name: recovery.EventCrossSite, Detail: "before there was somebody"})
	writeTrail(t, to.Engine)
	records := iter.Seq2[kv.Carried, error](func(yield func(kv.Carried, error) bool) {
		for _, c := range list {
			if !yield(c, nil) {
				return
			}
		}
	})
	node := to.Node()
	if _, err := node.Engine.BringBack(t.Context(), engine.BackOptions{ID: "b"}, records); err != nil {
		t.Fatal(err)
	}
	if err := node.Engine.EndTrail(t.Context()); err != nil {
		t.Fatal(err)
	}
	return node
}

// mixed is a backup that was made while others wrote: accounts of one moment; segments
// of a second, and what there is besides of a third; days and seals of a fourth.
func mixed(accounts, first, rest, seals []kv.Carried) (out []kv.Carried) {
	pick := func(list []kv.Carried, is func(key string) bool) {
		for _, c := range list {
			if is(c.Key) && !slices.ContainsFunc(out, func(x kv.Carried) bool { return x.Key == c.Key }) {
				out = append(out, c)
			}
		}
	}
	pick(accounts, func(key string) bool { return kv.Kind(key) == "account" })
	pick(first, func(key string) bool { return strings.Count(key, "/") == 3 })
	pick(rest, func(key string) bool { return strings.Count(key, "/") == 3 })
	pick(seals, func(key string) bool { return kv.Kind(key) == "audit" })
	return out
}

// A backup takes the audit trail along. What was written while it was made is in it
// up to somewhere, and the store that it comes back into goes on from there, with
// nothing wrong; what was changed in it is found.
func TestAU02_ABackupTakesTheTrailAlong(t *testing.T) {
	recoverytest.Alone(t)
	t.Parallel()
	w := threeNodes(t, 60)
	more := func() {
		t.Helper()
		for range 150 { // several segments
			if _, err := w.Engine.Invite(t.Context(), found(t, w.Engine, "person1")); err != nil {
				t.Fatal(err)
			}
			w.Engine.Refused(engine.By(t.Context(), engine.Actor{Network: "192.0.2.7"}), recovery.Event{Name: recovery.EventCrossSite})
			_ = w.Engine.WriteTrail(t.Context())
		}
	}
	before := backup(t, w)
	more()
	during := backup(t, w)
	more()
	w.Clock.Move(24 * time.Hour)
	if err := w.Engine.SealTrail(t.Context()); err != nil {
		t.Fatal(err)
	}
	after := backup(t, w)
	for name, list := range map[string][]kv.Carried{
		"at rest":                           after,
		"accounts first":                    mixed(before, during, during, during),
		"accounts last":                     mixed(during, before, before, before),
		"a segment went on":                 mixed(before, before, during, during),
		"a day was sealed":                  mixed(before, during, after, after),
		"sealed between segment and seal":   mixed(before, during, during, after),
		"the list of the day is older":      mixed(before, during, during, before),
		"accounts and nothing of the trail": slices.DeleteFunc(slices.Clone(after), func(c kv.Carried) bool { return kv.Kind(c.Key) == "audit" }),
	} {
		to := broughtBack(t, w, list)
		r := verified(t, to.Engine)
		if some := r.Records > 100; len(r.Faults) > 0 || some == strings.Contains(name, "nothing") {
			t.Errorf("%s: got %d records, %v", name, r.Records, r.Faults)
		}
		if _, err := to.Engine.Invite(t.Context(), found(t, to.Engine, "person1")); err != nil {
			t.Fatal(err)
		}
		writeTrail(t, to.Engine)
		to.Clock.Move(48 * time.Hour)
		if err := to.Engine.SealTrail(t.Context()); err != nil {
			t.Fatal(err)
		}
		if r := verified(t, to.Engine); len(r.Faults) > 0 {
			t.Errorf("%s, two days later: got %v", name, r.Faults)
		}
		if n := entriesOf(t, to.Engine, "", recovery.EventBroughtBack); n != 1 {
			t.Errorf("%s: got %d records of the backup that came back, want one", name, n)
		}
	}
	i := slices.IndexFunc(after, func(c kv.Carried) bool { return strings.Count(c.Key, "/") == 3 })
	after[i].Value = bytes.Replace(bytes.Clone(after[i].Value), []byte(`"event":"`), []byte(`"event":"un`), 1)
	if r := verified(t, broughtBack(t, w, after).Engine); len(r.Faults) == 0 {
		t.Error("a record of the backup was changed: got nothing wrong")
	}
}
