package web_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// forgetful loses every notice, as a process does that is killed before it has
// sent them. Codes and links of running flows arrive.
type forgetful struct{ *recoverytest.Outbox }

func (f forgetful) Queue(m recovery.Message) {
	if m.Template != "notice" {
		f.Outbox.Queue(m)
	}
}

// pay lets a node look what is owed.
func pay(t *testing.T, w *recoverytest.World) {
	t.Helper()
	if err := w.Engine.PayDue(t.Context()); err != nil {
		t.Error(err)
	}
}

// wantOwing tells whether an account or the list of accounts owes anything.
func wantOwing(t *testing.T, w *recoverytest.World, want bool) {
	t.Helper()
	keys, err := w.Driver.Keys(t.Context(), "owing/")
	if owed := account(t, w, "alice").Owed; err != nil || (len(owed)+len(keys) > 0) != want {
		t.Errorf("got %v owed and the lists %q (%v), want some: %v", owed, keys, err, want)
	}
}

// TestOwed_EveryEventIsToldAfterAKill: whatever happened, its notices are sent
// by another process, once, and their links close the account.
func TestOwed_EveryEventIsToldAfterAKill(t *testing.T) {
	all := recoverytest.WithChannels(recovery.ChannelMail, recovery.ChannelSMS, recovery.ChannelPush, recovery.ChannelHook)
	for _, x := range events() {
		t.Run(string(x.event)+" "+x.name, func(t *testing.T) {
			w, alice := withFactor(t, all)
			b := enter(t, w, w.Browser(), alice)
			other := w.Node()
			w.Engine.Notify = forgetful{w.Outbox}
			x.do(t, w, b, alice)
			owed := account(t, w, "alice").Owed
			i := slices.IndexFunc(owed, func(o recovery.Owed) bool { return o.Event == x.event || slices.Contains(o.Also, x.event) })
			at(w, owed[i].Since.Add(10*time.Minute-time.Second))
			pay(t, other)
			if got := notices(w, "", x.event); len(got) != 0 {
				t.Errorf("got %d notices while the first process may still send them, want none", len(got))
			}
			w.Clock.Move(time.Second)
			for range 3 {
				pay(t, other)
				w.Clock.Move(time.Hour)
			}
			want := append([]string{"mail " + alice.Mail, "sms " + alice.Phone, "push alice", "webhook alice"}, channels(x.also)...)
			if x.event == recovery.EventPINChanged || x.event == recovery.EventQuestionChanged {
				want = slices.DeleteFunc(want, func(who string) bool { return strings.HasPrefix(who, "sms ") })
			}
			var got []string
			for _, m := range notices(w, "", x.event) {
				got = append(got, m.Channel+" "+m.To)
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("got notices to %v, want %v", got, want)
			}
			wantOwing(t, w, false)
			if !x.event.Closes() {
				return
			}
			pressStop(other, notices(w, alice.Mail, x.event)[0])
			if a := account(t, w, "alice"); a.State != recovery.StateFrozen {
				t.Errorf("the link: got %s, want frozen", a.State)
			}
		})
	}
}

// fleeting is a store that goes away right after it has written an account, once
// it is armed: the change is made, and its answer is lost.
type fleeting struct{ armed, away atomic.Bool }

func (f *fleeting) driver(d kv.Driver) kv.Driver {
	return &memkv.Faulty{
		Driver: d,
		Before: func(string, string) error {
			if f.away.Load() {
				return errCrash
			}
			return nil
		},
		After: func(op, key string) error {
			if f.armed.Load() && op == memkv.OpSwap && strings.HasPrefix(key, "account/") {
				f.away.Store(true)
				return errCrash
			}
			return nil
		},
	}
}

// TestOwed_StoreGoesAwayRightAfterTheChange: the person is told that it is not
// known whether the change was made. It was; so its notices are sent by the same
// process, and the log says what happened.
func TestOwed_StoreGoesAwayRightAfterTheChange(t *testing.T) {
	store := &fleeting{}
	w, alice := withFactor(t, recoverytest.WithDriver(store.driver(memkv.New())))
	b := begin(w, enter(t, w, w.Browser(), alice), alice, recovery.KindNewCodes).Want("codes")
	store.armed.Store(true)
	if b.Submit("choice", "saved"); b.Status != http.StatusServiceUnavailable {
		t.Fatalf("got %d, want 503", b.Status)
	}
	store.armed.Store(false)
	store.away.Store(false)
	if n := len(notices(w, alice.Mail, recovery.EventCodesRenewed)); n != 0 {
		t.Fatalf("got %d notices before the store was back, want none: the fault does not bite", n)
	}
	w.Clock.Move(time.Minute)
	pay(t, w)
	if n := len(notices(w, alice.Mail, recovery.EventCodesRenewed)); n != 1 {
		t.Errorf("got %d notices, want 1", n)
	}
	if !slices.ContainsFunc(w.Events.Of(recovery.EventCodesRenewed), func(ev recovery.Event) bool {
		return ev.Person == "alice" && strings.HasPrefix(ev.Detail, "told late")
	}) {
		t.Error("the log has no line of the change")
	}
	w.Clock.Move(time.Minute)
	pay(t, w)
	wantOwing(t, w, false)
}

// slow is a notifier whose messages wait until they are let go.
type slow struct {
	*recoverytest.Outbox
	waiting []recovery.Message
}

func (s *slow) Queue(m recovery.Message) {
	if m.Template != "notice" {
		s.Outbox.Queue(m)
		return
	}
	s.waiting = append(s.waiting, m)
}

// TestOwed_WhileOneProcessTriesNoOtherSends: a mail server that is away for two
// hours is not a reason to send everything twice. What its queue gives up stays
// owed, and what the server refuses is tried again after four hours.
func TestOwed_WhileOneProcessTriesNoOtherSends(t *testing.T) {
	w, alice := withFactor(t, recoverytest.WithChannels(recovery.ChannelMail))
	b := enter(t, w, w.Browser(), alice)
	other, line := w.Node(), &slow{Outbox: w.Outbox}
	w.Engine.Notify = line
	begin(w, b, alice, recovery.KindNewCodes).Want("codes").Submit("choice", "saved").Want("account-recovery")
	for range 24 {
		w.Clock.Move(5 * time.Minute)
		pay(t, w)
		pay(t, other)
	}
	if got := notices(w, "", recovery.EventCodesRenewed); len(got) != 0 || len(line.waiting) != 1 {
		t.Fatalf("got %d sent by the other and %d waiting here, want none and 1", len(got), len(line.waiting))
	}
	wantOwing(t, w, true)
	line.waiting[0].Done(recovery.Dropped) // the line was full, or the process is ending
	pay(t, other)
	if n := len(notices(w, alice.Mail, recovery.EventCodesRenewed)); n != 1 {
		t.Errorf("given up here: got %d notices from the other, want 1", n)
	}
	begin(w, b, alice, recovery.KindNewCodes).Want("codes").Submit("choice", "saved").Want("account-recovery")
	line.waiting[1].Done(recovery.Refused) // as with a password that the mail server does not know any more
	w.Clock.Move(4*time.Hour - time.Second)
	pay(t, other)
	pay(t, w)
	if n := len(notices(w, alice.Mail, recovery.EventCodesRenewed)); n != 1 || len(line.waiting) != 2 {
		t.Errorf("refused: got %d notices and %d in the line, want no other yet", n, len(line.waiting))
	}
	w.Clock.Move(time.Second)
	pay(t, other)
	if n := len(notices(w, alice.Mail, recovery.EventCodesRenewed)); n != 2 {
		t.Errorf("four hours after the refusal: got %d notices, want 2", n)
	}
	wantOwing(t, w, true) // the list of accounts is looked at again later
	w.Clock.Move(time.Hour)
	pay(t, w)
	wantOwing(t, w, false)
}

// TestOwed_ForSevenDays: no longer, and to a channel of the operator's for an
// hour.
func TestOwed_ForSevenDays(t *testing.T) {
	const week = 7 * 24 * time.Hour
	for _, tc := range []struct {
		after time.Duration
		want  []string
	}{
		{time.Hour - time.Second, []string{"mail", "push"}},
		{time.Hour, []string{"mail"}},
		{week - time.Second, []string{"mail"}},
		{week, nil},
	} {
		w, alice := withFactor(t, recoverytest.WithChannels(recovery.ChannelMail, recovery.ChannelPush))
		b := enter(t, w, w.Browser(), alice)
		w.Engine.Notify = forgetful{w.Outbox}
		begin(w, b, alice, recovery.KindNewCodes).Want("codes").Submit("choice", "saved").Want("account-recovery")
		w.Clock.Move(tc.after)
		pay(t, w.Node())
		var got []string
		for _, m := range notices(w, "", recovery.EventCodesRenewed) {
			got = append(got, m.Channel)
		}
		if !slices.Equal(got, tc.want) {
			t.Errorf("after %s: got %v, want %v", tc.after, got, tc.want)
		}
		w.Clock.Move(time.Hour)
		pay(t, w.Node())
		wantOwing(t, w, false)
	}
}
