package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

func newKeys(t *testing.T, roots ...[]byte) *secret.Keys {
	t.Helper()
	keys, err := secret.NewKeys(roots...)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// rotation is an installation whose root key changes from a to b.
type rotation struct {
	t          *testing.T
	w          *recoverytest.World
	alice      *recoverytest.Person
	a, b       []byte
	session    string
	invitation string
}

func newRotation(t *testing.T) *rotation {
	t.Helper()
	x := &rotation{t: t, a: secret.NewRoot(), b: secret.NewRoot(), alice: recoverytest.Alice()}
	x.w = recoverytest.New(t, func(w *recoverytest.World) { w.Keys = newKeys(t, x.a) })
	x.w.Setup(x.alice)
	b := x.w.Browser()
	x.w.SignIn(b, x.alice, "/")
	x.session = b.Cookie("sparekey").Value
	var err error
	_, x.invitation, err = x.w.Engine.AddUser(t.Context(), recovery.NewAccount{
		Name: "bruno", Mail: "bruno@example.org", Extensions: []recovery.Extension{{Number: "+41440000000", Digits: "12"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// use starts a process on a copy of the store with these root keys.
func (x *rotation) use(d kv.Driver, roots ...[]byte) (*engine.Engine, error) {
	x.t.Helper()
	keys := newKeys(x.t, roots...)
	store := &kv.Store{Driver: d, Sealer: keys, Now: x.w.Clock.Now}
	if err := engine.Prepare(x.t.Context(), store, keys); err != nil {
		return nil, err
	}
	return x.node(d, keys).Engine, nil
}

func (x *rotation) node(d kv.Driver, keys *secret.Keys) *recoverytest.World {
	n := &recoverytest.World{TB: x.t, Clock: x.w.Clock, Keys: keys, Policy: x.w.Policy, Outbox: x.w.Outbox, Events: x.w.Events}
	return n.NodeOn(x.t, d)
}

// copied is a store with the same records.
func (x *rotation) copied(from kv.Driver) *memkv.Driver {
	x.t.Helper()
	to := memkv.New()
	keys, err := from.Keys(x.t.Context(), "")
	if err != nil {
		x.t.Fatal(err)
	}
	for _, key := range keys {
		raw, err := from.Get(x.t.Context(), key)
		if err != nil {
			x.t.Fatal(err)
		}
		if _, err := to.Swap(x.t.Context(), key, nil, raw, 0); err != nil {
			x.t.Fatal(err)
		}
	}
	return to
}

// whole wants everything to be found, and everybody to be listed once.
func (x *rotation) whole(e *engine.Engine, when string) {
	x.t.Helper()
	for _, typed := range []string{"alice", x.alice.Mail, x.alice.Phone, "bruno", "bruno@example.org"} {
		if _, err := e.Find(x.t.Context(), typed); err != nil {
			x.t.Fatalf("%s: find %s: %v", when, typed, err)
		}
	}
	people, err := e.People(x.t.Context())
	if err != nil || len(people) != 2 {
		x.t.Fatalf("%s: got %v listed (%v), want two people", when, people, err)
	}
	if a, _, err := e.Account(x.t.Context(), x.session); err != nil || a == nil {
		x.t.Fatalf("%s: signed out (%v)", when, err)
	}
}

// rekey runs a rekey to its end.
func rekey(t *testing.T, e *engine.Engine) (engine.Rekeyed, error) {
	t.Helper()
	var r engine.Rekeyed
	var older []string
	for !r.Done {
		var err error
		if r, err = e.Rekey(t.Context(), r); err != nil {
			return r, err
		}
		older = append(older, r.Older...)
	}
	r.Older = older
	return r, nil
}

// TestKY07_AfterARekeyTheNewKeyAloneOpens, and not before; which codes still need
// the old one is said.
func TestKY07_AfterARekeyTheNewKeyAloneOpens(t *testing.T) {
	t.Parallel()
	x := newRotation(t)
	d := x.copied(x.w.Driver)
	both, err := x.use(d, x.b, x.a)
	if err != nil {
		t.Fatal(err)
	}
	x.whole(both, "both keys")
	if _, err := x.use(d, x.b); !errors.Is(err, engine.ErrKeyNeeded) {
		t.Fatalf("the new key alone before the rekey: got %v, want that the old one is needed", err)
	}
	r, err := rekey(t, both)
	if err != nil || !slices.Equal(r.Older, []string{"alice"}) || r.Links != 1 || r.Sealed == 0 || r.Damaged != 0 {
		t.Fatalf("got %+v, %v; want one link, and codes of alice", r, err)
	}
	if want := x.w.Clock.Now().Add(x.w.Policy.Lifetimes.Invite); r.Free.Sub(want).Abs() > time.Minute {
		t.Errorf("the old key may go at %v, want when the invitation ends, %v", r.Free, want)
	}
	alone, err := x.use(d, x.b)
	if err != nil {
		t.Fatal(err)
	}
	x.whole(alone, "the new key alone")
	noOldSeal(t, d, newKeys(t, x.a))
	for e, want := range map[*engine.Engine]int{both: 10, alone: 0} {
		a, err := e.Find(t.Context(), "alice")
		if err != nil {
			t.Fatal(err)
		}
		ready := e.Methods.Get(recovery.RecoveryCode).Ready(a, x.w.Clock.Now())
		if got := method.CodesThatOpen(a, e.Keys); got != want || ready != (want > 0) {
			t.Errorf("codes of alice: got %d, ready %v, want %d", got, ready, want)
		}
	}
	if lost, err := alone.LostCodes(t.Context(), people(t, alone)); err != nil || !slices.Equal(lost, []string{"alice"}) {
		t.Errorf("codes that open nothing: got %v (%v), want those of alice", lost, err)
	}
}

// TestKY07_ARekeyAgainFindsNothing, and keeps to what it said first.
func TestKY07_ARekeyAgainFindsNothing(t *testing.T) {
	t.Parallel()
	x := newRotation(t)
	both, err := x.use(x.w.Driver, x.b, x.a)
	if err != nil {
		t.Fatal(err)
	}
	first, err := rekey(t, both)
	if err != nil {
		t.Fatal(err)
	}
	x.w.Clock.Move(time.Hour)
	if _, err := both.RescueLink(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	again, err := rekey(t, both)
	if err != nil || again.Sealed != 0 || !again.Free.Equal(first.Free) {
		t.Errorf("got %+v (%v), want nothing sealed and %v", again, err, first.Free)
	}
}

func people(t *testing.T, e *engine.Engine) []engine.Person {
	t.Helper()
	all, err := e.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// noOldSeal wants that a key opens nothing.
func noOldSeal(t *testing.T, d kv.Driver, old *secret.Keys) {
	t.Helper()
	keys, err := d.Keys(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		raw, err := d.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := old.Open(key, raw); err == nil {
			t.Errorf("%s is sealed with the old key", key)
		}
	}
}

var errCrash = errors.New("the power is gone")

// TestKY07_ARekeyThatCrashesIsRunAgain, wherever between two writes that was, and
// whether or not the last one was heard of.
func TestKY07_ARekeyThatCrashesIsRunAgain(t *testing.T) {
	t.Parallel()
	x := newRotation(t)
	if _, err := x.use(x.w.Driver, x.b, x.a); err != nil {
		t.Fatal(err)
	}
	for write, crashed := 0, true; crashed; write++ {
		d := &memkv.Faulty{Driver: x.copied(x.w.Driver)}
		e, err := x.use(d, x.b, x.a)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		crash := func(op, _ string) error {
			if op == memkv.OpSwap {
				n++
			}
			if n > write {
				return errCrash
			}
			return nil
		}
		if write%2 == 0 {
			d.Before = crash
		} else {
			d.After = crash
		}
		_, err = rekey(t, e)
		if crashed = err != nil; crashed && !errors.Is(err, errCrash) {
			t.Fatal(err)
		}
		d.Before, d.After = nil, nil
		when := fmt.Sprintf("after write %d", write)
		x.whole(e, when)
		if crashed {
			at := x.copied(d)
			alone, err := x.use(at, x.b)
			switch {
			case err == nil: // it had come to its end, and only that was not heard of
				noOldSeal(t, at, newKeys(t, x.a))
				x.whole(alone, when+", with the new key alone")
			case !errors.Is(err, engine.ErrKeyNeeded):
				t.Fatalf("%s: the new key alone: got %v, want that the old one is needed", when, err)
			}
		}
		if _, err := rekey(t, e); err != nil {
			t.Fatalf("%s: again: %v", when, err)
		}
		alone, err := x.use(d, x.b)
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		x.whole(alone, when+", and again")
	}
}

// TestKY07_NobodyIsListedTwice when the key changes between any two writes of a
// change, also by what versions before have written; doctor's repair leaves one
// row in the store.
func TestKY07_NobodyIsListedTwice(t *testing.T) {
	t.Parallel()
	x := newRotation(t)
	x.oldRows()
	for write := range 6 {
		d := &memkv.Faulty{Driver: x.copied(x.w.Driver)}
		e, err := x.use(d, x.b, x.a)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		d.Before = func(op, _ string) error {
			if op == memkv.OpSwap {
				n++
			}
			if n > write {
				return errCrash
			}
			return nil
		}
		bruno, err := e.Find(t.Context(), "bruno")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = e.Invite(t.Context(), bruno)
		d.Before = nil
		turned, err := x.use(d, x.b, secret.NewRoot(), x.a)
		if err != nil {
			t.Fatal(err)
		}
		x.whole(turned, fmt.Sprintf("after write %d", write))
		if _, err := turned.RepairRoster(t.Context()); err != nil {
			t.Fatal(err)
		}
		x.whole(turned, "after the repair")
		if again, err := turned.RepairRoster(t.Context()); err != nil || again != 0 {
			t.Errorf("after write %d: got %d rows to repair again (%v), want none", write, again, err)
		}
	}
}

// oldRows lists everybody as versions before did, in the bucket of the root key.
func (x *rotation) oldRows() {
	x.t.Helper()
	for _, p := range people(x.t, x.w.Engine) {
		key := fmt.Sprintf("roster/%02x", x.w.Keys.MAC("roster", p.ID)[0])
		store := &kv.Store{Driver: x.w.Driver, Sealer: x.w.Keys, Now: x.w.Clock.Now}
		_, err := kv.Update(x.t.Context(), store, key, time.Time{}, func(rows *[]map[string]any, _ bool) error {
			*rows = append(*rows, map[string]any{"id": p.ID, "name": p.Name, "state": "active"})
			return nil
		})
		if err != nil {
			x.t.Fatal(err)
		}
	}
}

// TestKY07_OneNameOneAccount on two nodes with different keys in front, whichever
// is faster at any point.
func TestKY07_OneNameOneAccount(t *testing.T) {
	t.Parallel()
	x := newRotation(t)
	one, err := x.use(x.w.Driver, x.a, x.b)
	if err != nil {
		t.Fatal(err)
	}
	d := &memkv.Faulty{Driver: x.w.Driver}
	two, err := x.use(d, x.b, x.a)
	if err != nil {
		t.Fatal(err)
	}
	for write := range 4 {
		name := fmt.Sprintf("carol%d", write)
		n, first := 0, errors.New("not asked")
		d.Before = func(op, _ string) error {
			if op != memkv.OpSwap {
				return nil
			}
			if n++; n == write+1 {
				_, _, first = one.AddUser(t.Context(), recovery.NewAccount{Name: name})
			}
			return nil
		}
		_, _, second := two.AddUser(t.Context(), recovery.NewAccount{Name: name})
		d.Before = nil
		if first == nil && second == nil {
			t.Errorf("write %d: two accounts have one name", write)
		}
	}
}

// TestKY06_CountsSurviveAChangeOfTheKey, for people and for names that nobody has
// alike: neither gets tries back, nor shows by that who exists.
func TestKY06_CountsSurviveAChangeOfTheKey(t *testing.T) {
	t.Parallel()
	x := newRotation(t)
	names := []string{"alice", "nobody"}
	for _, name := range names {
		for range 5 {
			x.w.Browser().Get("/").Submit("name", name, "password", "wrong horse staple").Want("sign-in")
		}
	}
	for _, roots := range [][][]byte{{x.a, x.b}, {x.b, x.a}, {x.b}} {
		if len(roots) == 1 {
			both, err := x.use(x.w.Driver, x.b, x.a)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := rekey(t, both); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := x.use(x.w.Driver, roots...); err != nil {
			t.Fatal(err)
		}
		node := x.node(x.w.Driver, newKeys(t, roots...))
		for _, name := range names {
			node.Browser().Get("/").Submit("name", name, "password", x.alice.Password).Want("slow-down")
		}
	}
}
