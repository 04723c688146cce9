package web_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// between does something once, right before the next write of a record.
type between struct {
	driver memkv.Faulty
	key    atomic.Pointer[string]
	do     atomic.Pointer[func()]
}

func newBetween() *between {
	b := &between{}
	b.driver = memkv.Faulty{Driver: memkv.New(), Before: func(op, at string) error {
		if key := b.key.Load(); op == memkv.OpSwap && key != nil && *key == at {
			if do := b.do.Swap(nil); do != nil {
				(*do)()
			}
		}
		return nil
	}}
	return b
}

// write sets what is done before the next write of an account.
func (b *between) write(id string, do func()) {
	key := recovery.AccountKey(id)
	b.key.Store(&key)
	b.do.Store(&do)
}

// twoActs is an administrator in a browser and somebody at the command line who act on
// one account at once: the command's write comes right before that of the form.
type twoActs struct {
	name    string
	fields  []string // of the form, with the action as the choice
	command recovery.Edit
	told    bool // the administrator; else both are done
	want    func(*recovery.Account) bool
	before  func(t *testing.T, w *recoverytest.World, id string) // how the account is first; nil: as it was
}

func allTwoActs() []twoActs {
	groups := func(list ...string) func(*recovery.Account) bool {
		return func(a *recovery.Account) bool { return slices.Equal(a.Groups, list) }
	}
	disabled := func(t *testing.T, w *recoverytest.World, id string) {
		t.Helper()
		if _, err := w.Engine.Edit(byShell(t.Context()), engine.Shell(), id, recovery.Edit{Do: recovery.ActionDisable}, "before"); err != nil {
			t.Fatal(err)
		}
	}
	return []twoActs{
		{name: "groups", fields: []string{"groups", "groups", "family, friends"}, command: recovery.Edit{Do: recovery.ActionGroups, Groups: []string{"choir"}}, told: true, want: groups("choir")},
		{name: "name shown", fields: []string{"display_name", "label", "Robin"}, command: recovery.Edit{Do: recovery.ActionDisplayName, Name: "R. Hood"}, told: true, want: func(a *recovery.Account) bool { return a.DisplayName == "R. Hood" }},
		{name: "user name", fields: []string{"rename", "name", "hood"}, command: recovery.Edit{Do: recovery.ActionRename, Name: "robin.h"}, told: true, want: func(a *recovery.Account) bool { return a.Name == "robin.h" }},
		{
			name: "extension", fields: []string{"extension", "phone", "+41441234567", "extension", "7"}, told: true,
			command: recovery.Edit{Do: recovery.ActionExtension, Extensions: []recovery.Extension{{Number: "+41441234567", Digits: "8"}}},
			want:    func(a *recovery.Account) bool { return len(a.Extensions) == 1 && a.Extensions[0].Digits == "8" },
		},
		{name: "mail", fields: []string{"correct_mail", "mail", "one@example.net"}, command: recovery.Edit{Do: recovery.ActionMail, Mail: "two@example.net"}, told: true, want: has("two@example.net")},
		{name: "phone", fields: []string{"correct_phone", "phone", "+41791110001"}, command: recovery.Edit{Do: recovery.ActionPhone, Phone: "+41791110002"}, told: true, want: has("+41791110002")},
		{name: "disable", fields: []string{"disable"}, command: recovery.Edit{Do: recovery.ActionDisable}, told: true, want: in(recovery.StateDisabled)},
		{name: "disable what is to be removed", fields: []string{"disable"}, command: recovery.Edit{Do: recovery.ActionRemove}, told: true, want: func(a *recovery.Account) bool { return !a.Leaving.IsZero() }},
		{name: "remove", fields: []string{"remove"}, command: recovery.Edit{Do: recovery.ActionRemove}, told: true, want: func(a *recovery.Account) bool { return !a.Leaving.IsZero() }},
		{name: "enable", fields: []string{"enable"}, command: recovery.Edit{Do: recovery.ActionEnable}, told: true, want: in(recovery.StateActive), before: disabled},
		{name: "enable what is to be removed", fields: []string{"enable"}, command: recovery.Edit{Do: recovery.ActionRemove}, told: true, want: in(recovery.StateDisabled), before: disabled},
		{name: "a key", fields: []string{"revoke_key", "name", "ID"}, command: recovery.Edit{Do: recovery.ActionRevokeKey, Key: "ID"}, told: true, want: func(a *recovery.Account) bool { return len(a.AccessKeys) == 0 }},
		{name: "unlock", fields: []string{"unlock"}, command: recovery.Edit{Do: recovery.ActionUnlock}, want: func(a *recovery.Account) bool { return a.Unlocks == 2 }},
		{name: "end sessions", fields: []string{"sign_out"}, command: recovery.Edit{Do: recovery.ActionSignOut}, want: in(recovery.StateActive)},
		{name: "two different things", fields: []string{"groups", "groups", "family"}, command: recovery.Edit{Do: recovery.ActionDisable}, want: func(a *recovery.Account) bool {
			return a.State == recovery.StateDisabled && slices.Equal(a.Groups, []string{"family"})
		}},
	}
}

func in(s recovery.State) func(*recovery.Account) bool {
	return func(a *recovery.Account) bool { return a.State == s }
}

func has(address string) func(*recovery.Account) bool {
	return func(a *recovery.Account) bool {
		return slices.ContainsFunc(a.Addresses, func(c recovery.Address) bool { return c.Value == address }) && len(a.Addresses) == 3
	}
}

func byCommand(t *testing.T, w *recoverytest.World, id string, x recovery.Edit) {
	t.Helper()
	if x.Key == "ID" {
		x.Key = theKey(t, w, id)
	}
	if _, err := w.Engine.Edit(byShell(t.Context()), engine.Shell(), id, x, "by command"); err != nil {
		t.Errorf("the command: %v", err)
	}
}

func theKey(t *testing.T, w *recoverytest.World, id string) string {
	t.Helper()
	a, err := w.Engine.Person(t.Context(), id)
	if err != nil || len(a.AccessKeys) == 0 {
		t.Fatalf("no key: %v", err)
	}
	return a.AccessKeys[0].ID
}

// ready is a world of such a row: robin's account as it is first, and alice's browser with
// the form, and what it will send.
func (tt twoActs) ready(t *testing.T) (w *recoverytest.World, hook *between, id string, b *recoverytest.Browser, fields []string) {
	t.Helper()
	hook = newBetween()
	w = recoverytest.New(t, recoverytest.WithDriver(&hook.driver))
	alice, robin := recoverytest.Alice(), bob()
	w.Setup(alice)
	w.Invite(robin)
	makeKey(t, w, robin, recovery.AccessKey{Name: "backup"})
	id = account(t, w, "robin").ID
	if tt.before != nil {
		tt.before(t, w, id)
	}
	b = signIn(w, w.Browser(), alice)
	fields = append([]string{"reason", "in the browser", "choice"}, tt.fields...)
	for i, field := range fields {
		if field == "ID" {
			fields[i] = theKey(t, w, id)
		}
	}
	b.Get("/.sparekey/people/" + id + "?do=" + tt.fields[0]).Want("person")
	return w, hook, id, b, fields
}

// agree wants as many records, lines of the log and notices as things were done.
func (tt twoActs) agree(t *testing.T, w *recoverytest.World, id string, done int) {
	t.Helper()
	if a, err := w.Engine.Person(t.Context(), id); err != nil || !tt.want(a) {
		t.Errorf("got %s, %s, %q, %v, %d addresses, %v", a.Name, a.State, a.DisplayName, a.Groups, len(a.Addresses), err)
	}
	if got := tally(t, w, w.Outbox.To(bob().Mail, "notice")); got != (tallied{done, done, done}) {
		t.Errorf("got %+v, want %d of each", got, done)
	}
}

// TestAD07_TwoAtOnce: of two who act on one account at once one is first, and the other
// is told or done as well. Nothing that was set is lost unseen; the record and the
// person's notices tell of what was done, and of nothing else.
func TestAD07_TwoAtOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range allTwoActs() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, hook, id, b, fields := tt.ready(t)
			hook.write(id, func() { byCommand(t, w, id, tt.command) })
			b.Submit(fields...).Want("person")
			if hook.do.Load() != nil {
				t.Fatal("nothing happened in between")
			}
			told := b.Status == http.StatusConflict && strings.Contains(b.Find("problem"), "nothing of yours was done")
			if told != tt.told {
				t.Errorf("got status %d, %q, want to be told %t", b.Status, b.Find("problem"), tt.told)
			}
			done := 2
			if tt.told {
				done = 1
			}
			tt.agree(t, w, id, done)
		})
	}
}

// TestAD07_TheCommandIsSecond: what it sets is what was said last, and the administrator's
// is on record before it; what cannot be done any more is refused with how it is.
func TestAD07_TheCommandIsSecond(t *testing.T) {
	t.Parallel()
	for _, tt := range allTwoActs() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, hook, id, b, fields := tt.ready(t)
			hook.write(id, func() { b.Submit(fields...) })
			x := tt.command
			if x.Key == "ID" {
				x.Key = theKey(t, w, id)
			}
			_, err := w.Engine.Edit(byShell(t.Context()), engine.Shell(), id, x, "by command")
			if hook.do.Load() != nil || b.Status != http.StatusOK {
				t.Fatalf("in between: got status %d: %s", b.Status, b.Text())
			}
			done := 2
			if errors.Is(err, recovery.ErrOtherState) || errors.Is(err, recovery.ErrNoKey) {
				done = 1
			} else if err != nil {
				t.Errorf("got %v", err)
			}
			if tt.name == "disable what is to be removed" || tt.name == "enable what is to be removed" {
				tt.want = func(a *recovery.Account) bool { return !a.Leaving.IsZero() } // both are done, one after the other
			}
			tt.agree(t, w, id, done)
		})
	}
}

// tallied is how often it was told that something was done.
type tallied struct{ records, lines, notices int }

// tally counts what is told of these acts, by their reasons.
func tally(t *testing.T, w *recoverytest.World, sent []recovery.Message) (n tallied) {
	t.Helper()
	kept(t, w)
	ours := func(e string) bool { return strings.Contains(e, "in the browser") || strings.Contains(e, "by command") }
	_, lost, err := w.Engine.ReadTrail(t.Context(), engine.TrailQuery{}, func(e engine.TrailEntry) bool {
		if ours(e.Detail) {
			n.records++
		}
		return true
	})
	if err != nil || lost > 0 {
		t.Errorf("the trail: %v, %d lost", err, lost)
	}
	for _, e := range w.Events.All() {
		if ours(e.Detail) {
			n.lines++
		}
	}
	for _, m := range sent {
		if ours(m.Vars["reason"]) {
			n.notices++
		}
	}
	return n
}
