package web_test

import (
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// waitCrashFlows begin, end and stop a cool-down.
func waitCrashFlows() []crashFlow {
	poor := func(x *crashRun) {
		edit(x.w, "alice", func(a *recovery.Account) { a.Drop(recovery.RecoveryCode) })
		x.old = x.alice
	}
	return []crashFlow{
		{
			name:    "a wait begun",
			prepare: poor,
			walk:    func(x *crashRun) { waits()[0].beginWait(x.node, &x.alice) },
			check: func(t *testing.T, x *crashRun) {
				t.Helper()
				remind(t, x.w)
				n, got := len(account(t, x.w, "alice").Waits), ready(x.w, &x.alice)
				if n > 1 || got != [2]int{n, n} {
					t.Fatalf("got %d waits and %v messages that one is over, want both or none", n, got)
				}
				x.oneOf(t, &x.alice, x.waited)
			},
		},
		{
			name:    "a wait served",
			prepare: poor,
			enter: func(x *crashRun) {
				waits()[0].beginWait(x.node, &x.alice)
				x.node.Clock.Move(24 * time.Hour)
			},
			walk: func(x *crashRun) {
				b := waits()[0].walk(x.node, x.node.Browser(), &x.alice).TakeApp()
				x.renewed(b, &x.alice, x.alice.Password)
			},
			check: func(t *testing.T, x *crashRun) {
				t.Helper()
				x.oneOf(t, &x.alice, x.waited)
				if n := len(account(t, x.w, "alice").Waits); n != 0 {
					t.Errorf("got %d waits left, want none", n)
				}
			},
		},
		{
			name:    "a wait stopped",
			prepare: poor,
			enter: func(x *crashRun) {
				x.b = signIn(x.node, x.node.Browser(), &x.alice)
				waits()[0].beginWait(x.node, &x.alice)
				x.b.Get("/.sparekey/account").Want("account")
			},
			walk:  func(x *crashRun) { x.b.Submit("choice", "stop_wait").Want("account") },
			check: checkWaitStopped,
		},
	}
}

func checkWaitStopped(t *testing.T, x *crashRun) {
	t.Helper()
	for range 2 { // stopped already, or now
		if err := x.w.Engine.StopWaits(t.Context(), account(t, x.w, "alice").ID, recovery.Client{}); err != nil {
			t.Fatal(err)
		}
	}
	remind(t, x.w)
	if n, got := len(account(t, x.w, "alice").Waits), ready(x.w, &x.alice); n != 0 || got != [2]int{} {
		t.Errorf("got %d waits and %v messages, want none", n, got)
	}
}

// waited serves a wait from its beginning.
func (x *crashRun) waited() {
	waits()[0].beginWait(x.w, &x.alice)
	x.w.Clock.Move(24 * time.Hour)
	b := waits()[0].walk(x.w, x.w.Browser(), &x.alice).TakeApp()
	x.renewed(b, &x.alice, x.alice.Password)
}

// addressCrashFlows change an address, undo that, and open what it closed.
func addressCrashFlows() []crashFlow {
	mail := readdressings()[0]
	moved := func(x *crashRun) {
		mail.do(x.w, signIn(x.w, x.w.Browser(), &x.alice), &x.alice)
		x.link = notices(x.w, x.alice.Mail, recovery.EventContactChanged)[0].Vars["stop"]
		x.old = x.alice
	}
	return []crashFlow{
		{
			name:    "a new address",
			prepare: func(*crashRun) {},
			enter:   func(x *crashRun) { x.b = signIn(x.node, x.node.Browser(), &x.alice) },
			walk:    func(x *crashRun) { mail.do(x.node, x.b, &x.alice) },
			check: func(t *testing.T, x *crashRun) {
				t.Helper()
				if moving := wantMoving(t, x, mail); !moving {
					mail.do(x.w, enter(t, x.w, x.w.Browser(), &x.alice), &x.alice)
					wantMoving(t, x, mail)
				}
			},
		},
		{
			name:    "an address undone",
			prepare: moved,
			walk:    func(x *crashRun) { pressAt(x.node, x.link) },
			check: func(t *testing.T, x *crashRun) {
				t.Helper()
				a := account(t, x.w, "alice")
				if moving, frozen := wantMoving(t, x, mail), a.State == recovery.StateFrozen; moving == frozen {
					t.Fatalf("got the change undone %v and the account closed %v, want both or none", !moving, frozen)
				}
				if a.State == recovery.StateActive {
					pressAt(x.w, x.link)
				}
				if moving := wantMoving(t, x, mail); moving || works(x.w, &x.alice) {
					t.Error("closed, but the change stands or she still signs in")
				}
			},
		},
		{
			name: "a closed account opened",
			prepare: func(x *crashRun) {
				moved(x)
				pressAt(x.w, x.link)
			},
			walk:  (*crashRun).rescued,
			check: checkReopened,
		},
	}
}

func checkReopened(t *testing.T, x *crashRun) {
	t.Helper()
	frozen := account(t, x.w, "alice").State == recovery.StateFrozen
	if works(x.w, &x.old) || !frozen != works(x.w, &x.alice) {
		t.Fatalf("closed %v, old set works %v, new one %v", frozen, works(x.w, &x.old), works(x.w, &x.alice))
	}
	if frozen {
		x.alice = x.old
		x.rescued()
		codeWorks(t, x.w, &x.alice, "afterwards")
	}
}

// wantMoving tells whether the address is changing, and fails on half of that.
func wantMoving(t *testing.T, x *crashRun, to readdressed) bool {
	t.Helper()
	a, now := account(t, x.w, "alice"), x.w.Clock.Now()
	if got := a.Address(recovery.ChannelMail, now); got != to.old {
		t.Fatalf("mail goes to %q, want %q for 72 hours", got, to.old)
	}
	later := a.Address(recovery.ChannelMail, now.Add(73*time.Hour))
	if later != to.old && later != to.new {
		t.Fatalf("three days later mail goes to %q, want %q or %q", later, to.old, to.new)
	}
	return later == to.new
}

func (x *crashRun) rescued() {
	token, err := x.node.Engine.RescueLink(x.node.TB.Context(), "alice")
	if err != nil {
		x.node.TB.Fatalf("rescue: %v", err)
	}
	b := x.node.Browser()
	b.Get("/.sparekey/link").Submit("code", token).Want("new-password").Submit("new_password", "a whole new sentence")
	x.renewed(b, &x.alice, "a whole new sentence")
}

// memoryCrashFlows replace a PIN and an answer.
func memoryCrashFlows() []crashFlow {
	setPIN := func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person, pin string) {
		begin(w, b, p, recovery.KindSetPIN).Want("new-password").Submit("pin", pin).Want("account-sign-in")
	}
	setAnswer := func(w *recoverytest.World, b *recoverytest.Browser, p *recoverytest.Person, answer string) {
		begin(w, b, p, recovery.KindSetQuestion).Want("new-password").Submit("answer", answer, "choice", "first_pet").Want("account-sign-in")
	}
	right := func(x *crashRun, pin string) bool {
		b := signIn(x.w, x.w.Browser(), &x.alice)
		b.Post("/.sparekey/", recoverytest.Fields("start", "change_password")).Want("factor").Submit("password", x.alice.Password).Want("factor").Submit("pin", pin)
		return b.Status == 200
	}
	answers := func(x *crashRun, answer string) bool {
		b := x.w.Browser()
		x.w.Clock.Move(time.Hour) // mails are counted
		x.w.Ask(b, &x.alice)
		b.Want("factor").Submit("answer", answer, "choice", "first_pet")
		return b.Status == 200
	}
	return []crashFlow{
		memoryCrashFlow("a PIN", setPIN, right, "395172", "602849", "718293"),
		memoryCrashFlow("a question", setAnswer, answers, "Bello", "Minou", "Rex"),
	}
}

func memoryCrashFlow(name string, set func(*recoverytest.World, *recoverytest.Browser, *recoverytest.Person, string), right func(*crashRun, string) bool, before, after, third string) crashFlow {
	return crashFlow{
		name:    name,
		prepare: func(x *crashRun) { set(x.w, signIn(x.w, x.w.Browser(), &x.alice), &x.alice, before) },
		enter:   func(x *crashRun) { x.b = signIn(x.node, x.node.Browser(), &x.alice) },
		walk:    func(x *crashRun) { set(x.node, x.b, &x.alice, after) },
		check: func(t *testing.T, x *crashRun) {
			t.Helper()
			if was, is := right(x, before), right(x, after); was == is {
				t.Fatalf("the old one is right: %v, the new one: %v, want exactly one", was, is)
			}
			set(x.w, signIn(x.w, x.w.Browser(), &x.alice), &x.alice, third)
			if !right(x, third) || right(x, before) || right(x, after) {
				t.Error("set again: not the only one that is right")
			}
		},
	}
}
