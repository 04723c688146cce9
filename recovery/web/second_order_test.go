package web_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// caseTickets counts what opens a case of somebody.
func caseTickets(t *testing.T, w *recoverytest.World, id string) (n int) {
	t.Helper()
	keys, err := w.Driver.Keys(t.Context(), "ticket/")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		x, ok, err := kv.Load[recovery.Ticket](t.Context(), w.Engine.Store, key)
		if err != nil {
			t.Fatal(err)
		}
		if ok && x.Account == id && (x.Purpose == recovery.Admin || x.Purpose == recovery.AdminInPerson) && w.Clock.Now().Before(x.Expires) {
			n++
		}
	}
	return n
}

// caseAsked has alice ask for a case of carol's, and returns what robin would press.
func caseAsked(t *testing.T, w *recoverytest.World, alice *recoverytest.Person, path string) (id, code string) {
	t.Helper()
	admin := signIn(w, w.Browser(), alice)
	admin.Get(path+"?do=case").Want("person").Submit("reason", "lost the phone", "choice", "second_factor").Want("factor")
	w.Clock.Move(time.Minute)
	admin.Submit("code", recoverytest.TOTP(w, alice.Key))
	if code = strings.Join(admin.All("spoken"), ""); code != "" {
		admin.Submit("choice", "saved")
	}
	admin.Want("person")
	_, id, _ = strings.Cut(answer(admin.Get(path), "decline:"), ":")
	if id == "" {
		t.Fatal("nothing waits")
	}
	return id, code
}

// TestA41_NoCaseIsOpenOfWhichNobodyHears, wherever the process ends that opens it once
// another administrator has agreed.
func TestA41_NoCaseIsOpenOfWhichNobodyHears(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]recoverytest.Option{
		"mailed":      nil,
		"handed over": {inPersonFor(recovery.GoalSecondFactor, recovery.Password, recovery.AdminInPerson)},
	} {
		t.Run(name, func(t *testing.T) {
			w, alice, robin, _ := twoAdmins(t, append(options, recoverytest.WithPolicy(secondAdmin))...)
			carol := newcomer("carol")
			w.Invite(carol)
			id := account(t, w, "carol").ID
			points, between := 0, 0
			for _, lost := range []bool{false, true} {
				for at, more := int64(1), true; more; at++ {
					asked, _ := caseAsked(t, w, alice, "/.sparekey/people/"+id)
					told := w.Events.Count(recovery.EventCaseOpened) + w.Events.Count(recovery.EventCaseShown)
					c := &crash{at: at, lost: lost}
					node := w.NodeOn(&attempt{TB: t}, c.driver(w.Driver))
					err := node.Engine.Agree(engine.By(t.Context(), engine.Actor{Base: "https://photos.example.com"}), account(t, w, robin.Name), id, asked)
					if more = c.dead.Load(); !more && err != nil {
						t.Fatal(err)
					}
					heard := false
					for _, o := range account(t, w, "carol").Owed {
						heard = heard || o.Event == recovery.EventCaseOpened || o.Event == recovery.EventCaseShown
					}
					said := w.Events.Count(recovery.EventCaseOpened)+w.Events.Count(recovery.EventCaseShown) > told
					if open := caseTickets(t, w, id) > 0; open && !heard && !said {
						t.Errorf("write %d, reply lost %v: a case is open, and nobody hears of it", at, lost)
					} else if heard && !open {
						between++
					}
					points++
					w.Clock.Move(25 * time.Hour)
				}
			}
			if points < 6 || between == 0 {
				t.Errorf("got %d points, %d between notice and case: the crash does not bite", points, between)
			}
		})
	}
}

// TestAD05_ACodeInPersonCountsOnceAnotherAgrees, and not before.
func TestAD05_ACodeInPersonCountsOnceAnotherAgrees(t *testing.T) {
	t.Parallel()
	w, alice, robin, _ := twoAdmins(t, recoverytest.WithPolicy(secondAdmin), inPersonFor(recovery.GoalSecondFactor, recovery.Password, recovery.AdminInPerson))
	carol := newcomer("carol")
	w.Invite(carol)
	path := "/.sparekey/people/" + account(t, w, "carol").ID
	id, code := caseAsked(t, w, alice, path)
	if code == "" {
		t.Fatal("no code was shown")
	}
	w.Browser().Get("/.sparekey/link").Want("confirm").Submit("code", code).Want("confirm")
	b := signIn(w, w.Browser(), robin)
	b.Post(path, recoverytest.Fields("choice", "agree:"+id)).Want("person")
	if !toldOf(w, carol.Mail, recovery.EventCaseShown) {
		t.Error("carol has not heard of it")
	}
	w.Browser().Get("/.sparekey/link").Want("confirm").Submit("code", code).Want("choice")
}

// TestAD05_WhatWaitsEndsWithWhatItWasAskedFor: a case with an act of the owner, who has
// what was lost; groups with groups that were set since.
func TestAD05_WhatWaitsEndsWithWhatItWasAskedFor(t *testing.T) {
	t.Parallel()
	w, alice, _, admin := twoAdmins(t, recoverytest.WithPolicy(secondAdmin))
	carol := newcomer("carol")
	w.Invite(carol)
	id := account(t, w, "carol").ID
	path := "/.sparekey/people/" + id
	waits := func() int { return len(account(t, w, "carol").Proposed(w.Clock.Now())) }
	caseAsked(t, w, alice, path)
	w.SignIn(w.Browser(), carol, "/")
	if waits() != 0 {
		t.Error("a case waits although its owner has signed in")
	}
	signIn(w, admin, alice)
	admin.Post(path, recoverytest.Fields("choice", "groups", "groups", "family, admins", "reason", "helps me")).Want("person")
	if waits() != 1 {
		t.Fatal("nothing waits")
	}
	admin.Post(path, recoverytest.Fields("choice", "groups", "groups", "choir", "reason", "sings")).Want("person")
	if waits() != 0 {
		t.Error("groups of before wait still")
	}
}

// TestAD05_NobodyIsMadeOneWhileItIsTakenAway: who was an administrator when the form was
// sent, and is none when it is written, becomes none by it alone.
func TestAD05_NobodyIsMadeOneWhileItIsTakenAway(t *testing.T) {
	t.Parallel()
	var hook atomic.Pointer[func()]
	var key atomic.Pointer[string]
	d := &memkv.Faulty{Driver: memkv.New(), Before: func(op, at string) error {
		if k := key.Load(); op == memkv.OpSwap && k != nil && at == *k {
			if do := hook.Swap(nil); do != nil {
				(*do)()
			}
		}
		return nil
	}}
	w, _, robin, _ := twoAdmins(t, recoverytest.WithPolicy(secondAdmin), recoverytest.WithDriver(d))
	alice := account(t, w, "alice")
	who := account(t, w, robin.Name)
	set := func(by engine.Authority, groups ...string) error {
		_, err := w.Engine.Edit(byShell(t.Context()), by, who.ID, recovery.Edit{Do: recovery.ActionGroups, Groups: groups}, "because")
		return err
	}
	k, taken := recovery.AccountKey(who.ID), func() {
		if err := set(engine.Shell(), "family"); err != nil {
			t.Error(err)
		}
	}
	key.Store(&k)
	hook.Store(&taken)
	if err := set(engine.Administrator(alice), "choir", recovery.GroupAdmins); err == nil || account(t, w, robin.Name).Admin() {
		t.Errorf("got %v and groups %v, want it refused", err, account(t, w, robin.Name).Groups)
	}
	if hook.Load() != nil {
		t.Error("nothing happened in between")
	}
}
