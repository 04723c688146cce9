package web_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/boltkv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// attempt is a test that may fail without failing the test around it: the
// process it runs in crashes on purpose.
type attempt struct {
	testing.TB
	failed atomic.Bool
}

func (a *attempt) Fatal(...any)          { a.failed.Store(true); runtime.Goexit() }
func (a *attempt) Fatalf(string, ...any) { a.failed.Store(true); runtime.Goexit() }

// run tells whether do went through.
func (a *attempt) run(do func()) bool {
	done := make(chan struct{})
	ok := false
	go func() {
		defer close(done)
		do()
		ok = true
	}()
	<-done
	return ok && !a.failed.Load()
}

// crash makes every store call fail from the nth write on: either that write
// did not happen, or it did and its answer was lost.
type crash struct {
	writes atomic.Int64
	at     int64
	lost   bool
	dead   atomic.Bool
	safe   atomic.Bool // not yet: nothing is counted
}

var errCrash = errors.New("crashed")

func (c *crash) driver(d kv.Driver) kv.Driver {
	return &memkv.Faulty{
		Driver: d,
		Before: func(op, _ string) error {
			if c.dead.Load() {
				return errCrash
			}
			if op == memkv.OpSwap && !c.lost && !c.safe.Load() && c.writes.Add(1) == c.at {
				c.dead.Store(true)
				return errCrash
			}
			return nil
		},
		After: func(op, _ string) error {
			if op == memkv.OpSwap && c.lost && !c.safe.Load() && c.writes.Add(1) == c.at {
				c.dead.Store(true)
				return errCrash
			}
			return nil
		},
	}
}

// stores opens an empty store of each kind.
func stores(t *testing.T) map[string]func(t *testing.T) kv.Driver {
	t.Helper()
	redis := kvtest.StartRedis(t)
	var n atomic.Int64
	return map[string]func(t *testing.T) kv.Driver{
		"file": func(t *testing.T) kv.Driver {
			t.Helper()
			d, err := boltkv.Open(filepath.Join(t.TempDir(), "sparekey.db"), boltkv.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { d.Close() })
			return d
		},
		"redis": func(t *testing.T) kv.Driver {
			t.Helper()
			d, err := rediskv.Open(t.Context(), rediskv.Options{URL: redis.URL(), Prefix: fmt.Sprintf("t%d:", n.Add(1))})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { d.Close() })
			return d
		},
	}
}

// story is a flow that is crashed after each of its writes.
type story struct {
	name    string
	prepare func(w *recoverytest.World, p *recoverytest.Person)
	walk    func(w *recoverytest.World, p *recoverytest.Person)
	again   func(w *recoverytest.World, p *recoverytest.Person) // what the person does after the crash, if need be
}

func crashStories() []story {
	setup := func(w *recoverytest.World, p *recoverytest.Person) { w.Setup(p) }
	return []story{
		{
			name:    "set-up",
			prepare: func(*recoverytest.World, *recoverytest.Person) {},
			walk:    func(w *recoverytest.World, p *recoverytest.Person) { w.SetupIn(w.Browser(), p) },
			again:   setup,
		},
		{
			name: "activation",
			prepare: func(w *recoverytest.World, p *recoverytest.Person) {
				w.Setup(&recoverytest.Person{Name: "boss", Password: "staple battery horse"})
				if _, _, err := w.Engine.AddUser(w.TB.Context(), recovery.NewAccount{Name: p.Name, Mail: p.Mail, Phone: p.Phone}); err != nil {
					w.TB.Fatal(err)
				}
			},
			walk:  activate,
			again: activate,
		},
		{
			name: "a group's link",
			prepare: func(w *recoverytest.World, p *recoverytest.Person) {
				w.Setup(&recoverytest.Person{Name: "boss", Password: "staple battery horse"})
				p.Phone = ""
				p.Token = aLink(w, 1) // a place of which nothing came is given back
			},
			walk:  func(w *recoverytest.World, p *recoverytest.Person) { join(w, w.Browser(), p.Token, p) },
			again: func(w *recoverytest.World, p *recoverytest.Person) { join(w, w.Browser(), p.Token, p) },
		},
		{
			name:    "lost phone",
			prepare: setup,
			walk:    func(w *recoverytest.World, p *recoverytest.Person) { w.LostPhone(w.Browser(), p) },
		},
		{
			name:    "new authenticator",
			prepare: setup,
			walk: func(w *recoverytest.World, p *recoverytest.Person) {
				b := w.Browser()
				w.SignIn(b, p, "/")
				w.Clock.Move(time.Minute)
				b.Get("/.sparekey/account").Want("account").Post("/.sparekey/", recoverytest.Fields("start", "add_factor")).Want("factor")
				b.Submit("code", recoverytest.TOTP(w, p.Key))
				w.Enrol(b, p)
			},
		},
	}
}

func activate(w *recoverytest.World, p *recoverytest.Person) {
	a, err := w.Engine.Find(w.TB.Context(), p.Name)
	if err != nil {
		w.TB.Fatal(err)
	}
	token, err := w.Engine.Invite(w.TB.Context(), a)
	if err != nil {
		w.TB.Fatal(err)
	}
	b := w.Browser()
	b.Get("/.sparekey/link").Want("confirm").Submit("code", token).Want("new-password").Submit("new_password", p.Password)
	w.Confirm(b, p)
	w.Enrol(b, p)
}

func TestA41_CrashAfterEachWriteLeavesTheOldOrTheNewSet(t *testing.T) {
	recoverytest.SlowAlone(t)
	for store, open := range stores(t) {
		for _, s := range crashStories() {
			t.Run(store+"/"+s.name, func(t *testing.T) {
				t.Parallel()
				step, points := stepOf(store), 0
				for _, lost := range []bool{false, true} {
					for at, more := int64(1), true; more && !t.Failed(); at += step {
						t.Run(fmt.Sprintf("write %d, reply lost %v", at, lost), func(t *testing.T) {
							if more = crashOnce(t, open, s, at, lost); more {
								points++
							}
						})
					}
				}
				t.Logf("%d crash points", points)
				if points < 6 {
					t.Errorf("got %d crash points, want more: the crash does not bite", points)
				}
			})
		}
	}
}

// stepOf is from which write to which a table goes on. With every second one the
// store is still left after each of them: a lost reply leaves what a crash before
// the next one does. On Redis it is the same writes as on the file.
func stepOf(store string) int64 {
	if store == "redis" {
		return 5
	}
	return 2
}

// crashOnce returns false when the story had fewer writes than that.
func crashOnce(t *testing.T, open func(*testing.T) kv.Driver, s story, at int64, lost bool) bool {
	t.Helper()
	d := open(t)
	w := recoverytest.New(t, recoverytest.Direct(), recoverytest.WithDriver(d))
	p := recoverytest.Alice()
	s.prepare(w, p)
	old := *p

	c := &crash{at: at, lost: lost}
	try := &attempt{TB: t}
	node := w.NodeOn(try, c.driver(d))
	through := try.run(func() { s.walk(node, p) })
	if !c.dead.Load() {
		if !through {
			t.Fatalf("the story fails without a crash")
		}
		return false
	}

	w.Clock.Move(25 * time.Hour) // waits and counts are over; half-done work has expired
	where := fmt.Sprintf("crash at write %d, reply lost %v", at, lost)
	a, err := w.Engine.Find(t.Context(), p.Name)
	if s.again != nil && (err != nil || a.State != recovery.StateActive) {
		s.again(w, p)
		w.SignIn(w.Browser(), p, "/")
		return true
	}
	if err != nil {
		t.Fatalf("%s: %v", where, err)
	}
	if s.again != nil && len(a.Sessions) != 1 { // written with the account, in one
		t.Fatalf("%s: the account is there with %d sessions, want the one of this browser", where, len(a.Sessions))
	}
	oldWorks, newWorks := signsIn(w, &old), p.Key != old.Key && signsIn(w, p)
	if oldWorks == newWorks {
		t.Fatalf("%s: old authenticator works: %v, new one: %v, want exactly one", where, oldWorks, newWorks)
	}
	holder := p
	if oldWorks {
		holder = &old
	}
	if got := method.CodesLeft(a); got != 10 {
		t.Fatalf("%s: got %d recovery codes, want 10", where, got)
	}
	codeWorks(t, w, holder, where)
	return true
}

func signsIn(w *recoverytest.World, p *recoverytest.Person) bool {
	b := w.Browser()
	b.Get("/").Want("sign-in").Submit("name", p.Name, "password", p.Password).Want("factor")
	w.Clock.Move(time.Minute)
	b.Submit("code", recoverytest.TOTP(w, p.Key))
	return b.Status == 200 && b.Page() == ""
}

func codeWorks(t *testing.T, w *recoverytest.World, p *recoverytest.Person, where string) {
	t.Helper()
	b := w.Browser()
	b.Get("/").Submit("name", p.Name, "password", p.Password).Want("factor").Submit("method", "recovery_code").Submit("code", p.Codes[9])
	if b.Status != 200 || b.Page() != "" {
		t.Fatalf("%s: the recovery codes do not belong to the authenticator that works: %s", where, strings.Join(strings.Fields(b.Text()), " "))
	}
}
