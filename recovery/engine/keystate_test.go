package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// TestKY07_ARekeyWaitsForEveryNode: it is refused while another one that runs has
// another key in front or is of a version that does not say, and when one starts so
// before it ends. What is due is known at each step.
func TestKY07_ARekeyWaitsForEveryNode(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	a, b := secret.NewRoot(), secret.NewRoot()
	run := func(name string, roots ...[]byte) *engine.Engine {
		f.keys = newKeys(t, roots...)
		f.store.Sealer = f.keys
		if err := engine.Prepare(t.Context(), f.store, f.keys); err != nil {
			t.Fatal(err)
		}
		f.start(name, same)
		if err := f.all[name].Announce(t.Context()); err != nil {
			t.Fatal(err)
		}
		return f.all[name]
	}
	state := func(e *engine.Engine, want engine.KeyState) {
		t.Helper()
		if got, err := e.KeyState(t.Context()); err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
	run("two", a)
	one := run("one", b, a)
	state(one, engine.KeyState{Older: true, Unread: true})
	if _, err := rekey(t, one); !errors.Is(err, engine.ErrOtherFront) {
		t.Errorf("while another has only the old key: got %v", err)
	}
	f.now = f.now.Add(3 * time.Minute) // it has stopped
	one = run("one", b, a)
	state(one, engine.KeyState{Older: true})
	first, err := one.Rekey(t.Context(), engine.Rekeyed{})
	if err != nil {
		t.Fatal(err)
	}
	f.now = f.now.Add(time.Minute)
	run("three", a, b)
	f.now = f.now.Add(3 * time.Minute) // it has stopped too, and may have written
	f.keys = newKeys(t, b, a)
	f.store.Sealer = f.keys
	for left := first; err == nil && !left.Done; {
		left, err = one.Rekey(t.Context(), left)
	}
	if !errors.Is(err, engine.ErrRestarted) {
		t.Errorf("after another had the old key in front meanwhile: got %v", err)
	}
	if _, err := rekey(t, one); err != nil {
		t.Fatal(err)
	}
	state(one, engine.KeyState{Spare: true})
}
