package web_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// waitingOne is an account whose wait was begun, and when.
func waitingOne(t *testing.T) (*recoverytest.World, *recoverytest.Person, time.Time) {
	t.Helper()
	w, alice := waits()[0].coolDown(t, nil)
	return w, alice, waits()[0].beginWait(w, alice)
}

// remind lets nodes look who is to be told.
func remind(t *testing.T, nodes ...*recoverytest.World) {
	t.Helper()
	var all sync.WaitGroup
	for _, n := range nodes {
		all.Go(func() {
			if err := n.Engine.RemindDue(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// ready counts what told that the wait is over: to the mailbox and the number.
func ready(w *recoverytest.World, p *recoverytest.Person) [2]int {
	return [2]int{len(w.Outbox.To(p.Mail, "wait-ready")), len(w.Outbox.To(p.Phone, "wait-ready"))}
}

func TestRule_WhenTheWaitIsOverThePersonIsTold(t *testing.T) {
	none, once := [2]int{}, [2]int{1, 1}
	for _, tc := range []struct {
		name  string
		do    func(t *testing.T, w *recoverytest.World, p *recoverytest.Person)
		after time.Duration
		want  [2]int
	}{
		{"a second too early", nil, 24*time.Hour - time.Second, none},
		{"after a day", nil, 24 * time.Hour, once},
		{"nothing ran for three days, less a second", nil, 96*time.Hour - time.Second, once},
		{"nothing ran for three days: the wait is no good any more", nil, 96 * time.Hour, none},
		{"the owner stopped it", func(t *testing.T, w *recoverytest.World, p *recoverytest.Person) {
			t.Helper()
			enter(t, w, w.Browser(), p)
		}, 25 * time.Hour, none},
		{"the number is gone", func(t *testing.T, w *recoverytest.World, _ *recoverytest.Person) {
			t.Helper()
			change(t, w, "alice", noPhone)
		}, 25 * time.Hour, [2]int{1, 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w, alice, began := waitingOne(t)
			if tc.do != nil {
				tc.do(t, w, alice)
			}
			at(w, began.Add(tc.after))
			node := w.Node() // the process that began it is gone
			remind(t, node)
			if got := ready(w, alice); got != tc.want {
				t.Fatalf("got %v messages, want %v", got, tc.want)
			}
			for range 3 {
				w.Clock.Move(25 * time.Minute)
				remind(t, node)
			}
			if tc.after < 24*time.Hour {
				tc.want = once // in its time
			}
			if got := ready(w, alice); got != tc.want {
				t.Errorf("later: got %v messages, want %v", got, tc.want)
			}
			wantAwaited(t, w, false)
		})
	}
}

// wantAwaited tells whether a record of who waits is kept that has not expired.
func wantAwaited(t *testing.T, w *recoverytest.World, want bool) {
	t.Helper()
	keys, err := w.Driver.Keys(t.Context(), "awaited/")
	kept := slices.DeleteFunc(keys, func(key string) bool {
		_, ok, err := kv.Load[json.RawMessage](t.Context(), w.Engine.Store, key)
		return err == nil && !ok
	})
	if err != nil || (len(kept) > 0) != want {
		t.Errorf("got records %q (%v), want some: %v", kept, err, want)
	}
}

func TestReminder_OfManyNodesOneTells(t *testing.T) {
	w, alice, began := waitingOne(t)
	at(w, began.Add(24*time.Hour))
	nodes := []*recoverytest.World{w, w.Node(), w.Node(), w.Node()}
	for range 5 {
		remind(t, nodes...)
	}
	w.Clock.Move(16 * time.Minute) // who told it settles it before anybody thinks it lost
	remind(t, nodes...)
	w.Clock.Move(time.Hour)
	remind(t, nodes...)
	if got, want := ready(w, alice), [2]int{1, 1}; got != want {
		t.Errorf("got %v messages, want %v", got, want)
	}
	wantAwaited(t, w, false)
}

// mute is a node whose messages are lost: it dies before they are sent.
type mute struct{ *recoverytest.Outbox }

func (mute) Queue(recovery.Message) {}

func TestReminder_WhoDiesHasItToldByAnother(t *testing.T) {
	w, alice, began := waitingOne(t)
	at(w, began.Add(24*time.Hour))
	dying, other := w.Node(), w.Node()
	dying.Engine.Notify = mute{w.Outbox}
	remind(t, dying)
	for _, tc := range []struct {
		after time.Duration
		want  [2]int
	}{
		{time.Minute, [2]int{}},
		{20*time.Minute - time.Second, [2]int{}},
		{20 * time.Minute, [2]int{1, 1}},
		{36 * time.Minute, [2]int{1, 1}},
		{2 * time.Hour, [2]int{1, 1}},
	} {
		at(w, began.Add(24*time.Hour+tc.after))
		remind(t, other)
		if got := ready(w, alice); got != tc.want {
			t.Errorf("%s after the crash: got %v messages, want %v", tc.after, got, tc.want)
		}
	}
	wantAwaited(t, w, false)
}

// TestReminder_CrashAfterEachWrite lets the process that tells die after each
// of its writes, and the next one finish: told once or twice, never never.
func TestReminder_CrashAfterEachWrite(t *testing.T) {
	points := 0
	for _, lost := range []bool{false, true} {
		for at1, more := int64(1), true; more && !t.Failed(); at1++ {
			w, alice, began := waitingOne(t)
			at(w, began.Add(24*time.Hour))
			c := &crash{at: at1, lost: lost}
			node := w.NodeOn(t, c.driver(w.Driver))
			for range 2 {
				err := node.Engine.RemindDue(t.Context())
				if err != nil && !errors.Is(err, errCrash) {
					t.Fatal(err)
				}
				w.Clock.Move(16 * time.Minute)
			}
			if more = c.dead.Load(); more {
				points++
			}
			for range 3 {
				w.Clock.Move(21 * time.Minute)
				remind(t, w)
			}
			if got := ready(w, alice); got[0] < 1 || got[0] > 2 || got[1] != got[0] {
				t.Errorf("crash at write %d, reply lost %v: got %v messages, want one or two each", at1, lost, got)
			}
			wantAwaited(t, w, false)
		}
	}
	if points < 4 {
		t.Errorf("got %d crash points, want 4 or more: the crash does not bite", points)
	}
}

// TestReminder_OneDamagedAccountHoldsUpNobody: what cannot be told stays, and
// all others are told.
func TestReminder_OneDamagedAccountHoldsUpNobody(t *testing.T) {
	w, alice, began := waitingOne(t)
	w.Invite(bob())
	id := account(t, w, "robin").ID
	_, err := kv.Update(t.Context(), w.Engine.Store, "account/"+id, time.Time{}, func(a *recovery.Account, _ bool) error {
		a.Drop(recovery.RecoveryCode)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	waits()[0].beginWait(w, bob())
	at(w, began.Add(25*time.Hour))
	damaged := true
	node := w.NodeOn(t, &memkv.Faulty{Driver: w.Driver, Before: func(op, key string) error {
		if damaged && op == memkv.OpGet && key == "account/"+id {
			return errCrash
		}
		return nil
	}})
	if err := node.Engine.RemindDue(t.Context()); !errors.Is(err, errCrash) {
		t.Errorf("got error %v, want to hear of the account that cannot be read", err)
	}
	if got, want := ready(w, alice), [2]int{1, 1}; got != want {
		t.Errorf("alice got %v messages, want %v", got, want)
	}
	if got := ready(w, bob()); got != [2]int{} {
		t.Errorf("robin got %v messages, want none yet", got)
	}
	damaged = false
	remind(t, node)
	if got, want := ready(w, bob()), [2]int{1, 1}; got != want {
		t.Errorf("robin got %v messages, want %v", got, want)
	}
}

// TestReminder_RunsAtOnceAndEveryMinute, and ends with its context.
func TestReminder_RunsAtOnceAndEveryMinute(t *testing.T) {
	w, alice, began := waitingOne(t)
	at(w, began.Add(24*time.Hour-30*time.Second))
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		e := w.Engine
		go func() {
			e.Remind(t.Context())
			close(stop)
		}()
		synctest.Wait()
		if got := ready(w, alice); got != [2]int{} {
			t.Errorf("too early: got %v messages", got)
		}
		w.Clock.Move(time.Minute)
		time.Sleep(61 * time.Second)
		if got, want := ready(w, alice), [2]int{1, 1}; got != want {
			t.Errorf("a minute later: got %v messages, want %v", got, want)
		}
	})
}

// A panic in a round ends neither the rounds nor the rest of that one.
func TestReminder_APanicEndsNoRound(t *testing.T) {
	w, alice, began := waitingOne(t)
	at(w, began.Add(24*time.Hour+time.Minute))
	var panicked, others atomic.Bool
	node := w.NodeOn(t, &memkv.Faulty{Driver: w.Driver, Before: func(_, key string) error {
		switch {
		case strings.HasPrefix(key, "awaited/") && panicked.CompareAndSwap(false, true):
			panic("lost")
		case strings.HasPrefix(key, "owing/"):
			others.Store(true)
		}
		return nil
	}})
	synctest.Test(t, func(t *testing.T) {
		go node.Engine.Remind(t.Context())
		synctest.Wait()
		if got := ready(w, alice); got != [2]int{} || !panicked.Load() || !others.Load() {
			t.Errorf("got %v messages, a panic: %v, the rest of the round: %v", got, panicked.Load(), others.Load())
		}
		time.Sleep(61 * time.Second)
		if got, want := ready(w, alice), [2]int{1, 1}; got != want {
			t.Errorf("a minute later: got %v messages, want %v", got, want)
		}
	})
}
