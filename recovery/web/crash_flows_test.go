package web_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// crashRun is one run of a flow that is crashed at one of its writes.
type crashRun struct {
	w                   *recoverytest.World // what goes on afterwards
	node                *recoverytest.World // what crashes
	alice, robin, carol recoverytest.Person
	old                 recoverytest.Person // whose flow it is, as they were
	b                   *recoverytest.Browser
	others              []*recoverytest.Browser
	link                string // prepared
	phone, laptop       recoverytest.Authenticator
}

// crashFlow is a flow that ends with its last write, or leaves all as it was.
type crashFlow struct {
	name    string
	prepare func(x *crashRun) // once, on a store of its own
	enter   func(x *crashRun) // on the node, before anything can crash
	walk    func(x *crashRun)
	check   func(t *testing.T, x *crashRun) // on another node, a day later
	options []recoverytest.Option
}

// preparedFlow is what prepare left: every store begins with it.
type preparedFlow struct {
	keys    *secret.Keys
	records map[string][]byte
	now     time.Time
	run     crashRun
	options []recoverytest.Option
}

func (o crashFlow) begin(t *testing.T) preparedFlow {
	t.Helper()
	w := recoverytest.New(t, append(o.options, crashPolicy())...)
	x := &crashRun{w: w, node: w, alice: *recoverytest.Alice(), robin: *bob(), carol: recoverytest.Person{Name: "carol", Mail: "carol@example.org", Password: "battery staple horse"}}
	w.Setup(&x.alice)
	o.prepare(x)
	keys, err := w.Driver.Keys(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	out := preparedFlow{keys: w.Keys, records: map[string][]byte{}, now: w.Clock.Now(), run: *x, options: o.options}
	for _, key := range keys {
		if out.records[key], err = w.Driver.Get(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// crashPolicy asks PIN and question.
func crashPolicy() recoverytest.Option {
	return recoverytest.WithPolicy(func(p *recovery.Policy) {
		p.Ask = map[string][]recovery.Kind{recovery.PIN: {recovery.KindChangePassword}, recovery.SecurityQuestion: {recovery.KindRecover}}
	})
}

// on copies what was prepared into a store and starts two nodes on it; the second
// one crashes.
func (p preparedFlow) on(t *testing.T, d kv.Driver, c *crash, try *attempt) *crashRun {
	t.Helper()
	for key, raw := range p.records {
		if ok, err := d.Swap(t.Context(), key, nil, raw, 0); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	x := p.run
	x.w = recoverytest.New(t, slices.Concat(p.options, []recoverytest.Option{recoverytest.Direct(), crashPolicy(), recoverytest.WithDriver(d), func(w *recoverytest.World) { w.Keys = p.keys }})...)
	at(x.w, p.now)
	x.node = x.w.NodeOn(try, c.driver(d))
	return &x
}

func TestA41_CrashAfterEachWriteOfEveryOtherFlow(t *testing.T) {
	recoverytest.SlowAlone(t)
	stores := stores(t)
	for _, o := range crashFlows() {
		p := o.begin(t)
		for store, open := range stores {
			t.Run(store+"/"+o.name, func(t *testing.T) {
				t.Parallel()
				step, points := stepOf(store), 0
				for _, lost := range []bool{false, true} {
					for at, more := int64(1), true; more && !t.Failed(); at += step {
						t.Run(fmt.Sprintf("write %d, reply lost %v", at, lost), func(t *testing.T) {
							if more = o.crashAt(t, p, open(t), at, lost); more {
								points++
							}
						})
					}
				}
				t.Logf("%d crash points", points)
				if points < 2 {
					t.Errorf("got %d crash points, want more: the crash does not bite", points)
				}
			})
		}
	}
}

// crashAt returns false when the flow had fewer writes than that.
func (o crashFlow) crashAt(t *testing.T, p preparedFlow, d kv.Driver, at int64, lost bool) bool {
	t.Helper()
	c, try := &crash{at: at, lost: lost}, &attempt{TB: t}
	c.safe.Store(true)
	x := p.on(t, d, c, try)
	if o.enter != nil && !try.run(func() { o.enter(x) }) {
		t.Fatal("the flow cannot even begin")
	}
	c.safe.Store(false)
	through := try.run(func() { o.walk(x) })
	if !c.dead.Load() {
		if !through {
			t.Fatal("the flow fails without a crash")
		}
		return false
	}
	x.w.Clock.Move(25 * time.Hour) // waits and counts are over; half-done work has expired
	x.node = x.w
	o.check(t, x)
	return true
}

func crashFlows() []crashFlow {
	return slices.Concat(vouchCrashFlows(), deviceCrashFlows(), passkeyCrashFlows(), waitCrashFlows(), addressCrashFlows(), memoryCrashFlows(), temporaryCrashFlows())
}

// vouchCrashFlows are the flows in which others help.
func vouchCrashFlows() []crashFlow {
	return []crashFlow{
		{
			name:    "somebody who may vouch",
			prepare: func(x *crashRun) { x.w.Invite(&x.robin) },
			enter:   func(x *crashRun) { x.b = signIn(x.node, x.node.Browser(), &x.alice) },
			walk: func(x *crashRun) {
				begin(x.node, x.b, &x.alice, recovery.KindAddContact).Want("confirm").Submit("name", "robin").Want("account-recovery")
			},
			check: func(t *testing.T, x *crashRun) {
				t.Helper()
				if n := len(account(t, x.w, "alice").TrustedContacts); n > 1 {
					t.Fatalf("got %d people who may vouch, want one or none", n)
				}
				b := enter(t, x.w, x.w.Browser(), &x.alice)
				begin(x.w, b, &x.alice, recovery.KindAddContact).Want("confirm").Submit("name", "robin").Want("account-recovery")
				if n := len(account(t, x.w, "alice").TrustedContacts); n != 1 {
					t.Errorf("again: got %d people who may vouch, want one", n)
				}
			},
		},
		{
			name:    "vouched for by two",
			prepare: nameVouchers,
			enter:   vouchersSignIn,
			walk:    (*crashRun).vouched,
			check: func(t *testing.T, x *crashRun) {
				t.Helper()
				x.oneOf(t, &x.alice, func() {
					vouchersSignIn(x)
					x.vouched()
				})
			},
		},
		{
			name: "an administrator's case",
			prepare: func(x *crashRun) {
				x.w.Invite(&x.robin)
				x.old = x.robin
			},
			enter: func(x *crashRun) { x.b = signIn(x.node, x.node.Browser(), &x.alice) },
			walk:  (*crashRun).helped,
			check: func(t *testing.T, x *crashRun) {
				t.Helper()
				x.oneOf(t, &x.robin, func() {
					x.b = signIn(x.w, x.w.Browser(), &x.alice)
					x.helped()
				})
			},
		},
	}
}

// nameVouchers leaves alice the two people who vouch, and no recovery codes.
func nameVouchers(x *crashRun) {
	x.w.Invite(&x.robin)
	x.w.Invite(&x.carol)
	edit(x.w, "alice", func(a *recovery.Account) {
		a.Drop(recovery.RecoveryCode)
		for _, name := range []string{"robin", "carol"} {
			a.TrustedContacts = append(a.TrustedContacts, recovery.TrustedContact{ID: id(x.w, name), Name: name})
		}
	})
	x.old = x.alice
}

func vouchersSignIn(x *crashRun) {
	x.others = nil
	for _, p := range []*recoverytest.Person{&x.robin, &x.carol} {
		x.others = append(x.others, signIn(x.node, x.node.Browser(), p))
	}
}

func (x *crashRun) vouched() {
	b := x.node.Browser()
	x.node.Ask(b, &x.alice)
	b.Want("choice").Submit("choice", "both").Want("factor")
	spoken := strings.Join(b.All("spoken"), "")
	for i, p := range []*recoverytest.Person{&x.robin, &x.carol} {
		f := x.others[i].Get("/.sparekey/account/approve").Want("confirm").Submit("code", spoken).Want("factor")
		strongly(x.node, f, p).Want("confirm").Submit("choice", "approve").Want("account")
	}
	hidden := b.Hidden("")
	hidden.Set("code", "check")
	b.Post("/.sparekey/", hidden).Want("new-password").Submit("new_password", "a whole new sentence")
	x.renewed(b, &x.alice, "a whole new sentence")
}

func (x *crashRun) helped() {
	b := begin(x.node, x.b, &x.alice, recovery.KindOpenCase)
	f := b.URL.Query().Get("f")
	b.Post("/.sparekey/", recoverytest.Fields("flow", f, "name", "robin", "choice", "second_factor", "reason", "lost the phone, called me")).Want("person")
	link := recoverytest.Link(x.node.TB, x.node.Outbox.Last(x.node.TB, x.robin.Mail, "admin-case"))
	r := x.node.Browser()
	r.Get("/.sparekey/link").Submit("code", link).Want("choice").Submit("choice", "second_factor").Want("factor").Submit("password", x.robin.Password)
	x.renewed(r, &x.robin, x.robin.Password)
}

// renewed takes a new authenticator, and says what holds when that went well.
func (x *crashRun) renewed(b *recoverytest.Browser, p *recoverytest.Person, password string) {
	p.Password = password
	x.node.Enrol(b, p)
	b.Want("sign-in")
}

// oneOf wants the old set to sign in or the new one, never none or both, and
// the flow to be walked again if it was the old one.
func (x *crashRun) oneOf(t *testing.T, p *recoverytest.Person, again func()) {
	t.Helper()
	oldWorks := works(x.w, &x.old)
	newWorks := p.Key != x.old.Key && works(x.w, p)
	if oldWorks == newWorks {
		t.Fatalf("old set works: %v, new one: %v, want exactly one", oldWorks, newWorks)
	}
	if oldWorks {
		*p = x.old
		again()
		if !works(x.w, p) || works(x.w, &x.old) {
			t.Fatal("walked again: the new set does not work alone")
		}
	}
	codeWorks(t, x.w, p, "afterwards")
}

// works tells whether password and authenticator sign in.
func works(w *recoverytest.World, p *recoverytest.Person) bool {
	b := w.Browser()
	if b.Get("/").Want("sign-in").Submit("name", p.Name, "password", p.Password); b.Page() != "factor" {
		return false
	}
	w.Clock.Move(time.Minute)
	b.Submit("code", recoverytest.TOTP(w, p.Key))
	return b.Status == 200 && b.Page() == ""
}

// edit is change for a world whose test may fail by itself.
func edit(w *recoverytest.World, name string, do func(*recovery.Account)) {
	w.TB.Helper()
	_, err := kv.Update(w.TB.Context(), w.Engine.Store, "account/"+id(w, name), time.Time{}, func(a *recovery.Account, _ bool) error {
		do(a)
		return nil
	})
	if err != nil {
		w.TB.Fatal(err)
	}
}

func id(w *recoverytest.World, name string) string {
	w.TB.Helper()
	a, err := w.Engine.Find(w.TB.Context(), name)
	if err != nil {
		w.TB.Fatal(err)
	}
	return a.ID
}
