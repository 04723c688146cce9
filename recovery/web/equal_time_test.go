package web_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// hashOf is a cost below the size at which the memory of a run is given back:
// that takes as long as the run, and tells nothing here.
func hashOf(passes uint32) secret.HashParams {
	return secret.HashParams{Time: passes, Memory: 1000, Threads: 1}
}

// mixedCosts is an installation whose operator has changed what a password costs
// twice: cheap, equal and dear have a password of each.
func mixedCosts(t *testing.T) (*recoverytest.World, []*recoverytest.Person) {
	t.Helper()
	w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) {
		p.Hash = hashOf(2)
		p.Limits.Failures.Count, p.Limits.Consecutive, p.Limits.Names.Count = 1e6, 1e6, 1e6
	}))
	w.Setup(recoverytest.Alice())
	var people []*recoverytest.Person
	for i, name := range []string{"cheap", "equal", "dear"} {
		p := *w.Policy
		p.Hash = hashOf(uint32(i) + 1)
		who := &recoverytest.Person{Name: name, Password: "staple battery horse"}
		w.NodeWith(&p, recovery.ChannelMail).Invite(who)
		people = append(people, who)
	}
	return w, people
}

// EN-02: a look at a password takes as long as every other, whatever it was hashed
// at: a wrong one as long as one of nobody, a right one as long as any right one.
// A right one is told by its page, and saves a flow, which takes some of a
// millisecond.
func TestEN02_TimeDoesNotTellWhatAPasswordCosts(t *testing.T) {
	recoverytest.Slow(t)
	w, people := mixedCosts(t)
	samples := 300
	if recoverytest.UnderRace(t) {
		samples = 20 // the paths, not the time
	}
	classes := []struct{ name, password string }{{"nobody", "wrong horse staple"}}
	for _, p := range people {
		classes = append(classes, struct{ name, password string }{p.Name, p.Password}, struct{ name, password string }{p.Name, "wrong horse staple"})
	}
	var worst []string
	for range 4 { // a busy machine may spoil one run; the paths themselves do not change
		took := make([][]time.Duration, len(classes))
		for n := range samples + 10 {
			for _, i := range rand.Perm(len(classes)) {
				begin := time.Now()
				signInFrom(t, w, "203.0.113.1", classes[i].name, classes[i].password)
				if n >= 10 {
					took[i] = append(took[i], time.Since(begin))
				}
			}
		}
		worst = nil
		for i, c := range classes[1:] {
			like := took[0]
			if c.password == people[0].Password {
				like = took[3] // the right one of the cost in force
			}
			if got := auc(took[i+1], like); got < 0.45 || got > 0.55 {
				worst = append(worst, c.name+" with "+c.password)
			}
		}
		if len(worst) == 0 || recoverytest.UnderRace(t) {
			return
		}
	}
	t.Errorf("time tells these from nobody: %v", worst)
}

// storedCosts is what the store says that passwords may cost.
func storedCosts(t *testing.T, w *recoverytest.World) []string {
	t.Helper()
	costs, _, err := kv.Load[[]string](t.Context(), w.Engine.Store, "costs")
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(costs)
	return costs
}

// A password is hashed anew after the answer to its next sign-in, and its old
// cost is forgotten when nobody has it any more.
func TestOldCostsEndWithTheLastPasswordThatHasThem(t *testing.T) {
	w, people := mixedCosts(t)
	w.Clock.Move(time.Minute)
	lower := func(want string) {
		t.Helper()
		w.Clock.Move(2 * time.Hour)
		if err := w.Engine.LowerCosts(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(storedCosts(t, w), " "); got != want {
			t.Errorf("got costs %s, want %s", got, want)
		}
	}
	const one, two, three = "m=1000,t=1,p=1", "m=1000,t=2,p=1", "m=1000,t=3,p=1"
	lower(one + " " + two + " " + three)
	for i, want := range []string{two + " " + three, two + " " + three, two} {
		p := people[i]
		if _, o := signInFrom(t, w, "203.0.113.1", p.Name, "wrong horse staple"); o.Problem == nil {
			t.Fatalf("%s: a wrong password is taken", p.Name)
		}
		w.Engine.Later(t.Context())
		before := method.Password{}.CostOf(account(t, w, p.Name))
		if _, o := signInFrom(t, w, "203.0.113.1", p.Name, p.Password); o.Problem != nil {
			t.Fatalf("%s: got %v", p.Name, o.Problem)
		}
		if got := (method.Password{}).CostOf(account(t, w, p.Name)); got != before {
			t.Errorf("%s: got the cost %s before the answer, want still %s", p.Name, got, before)
		}
		w.Engine.Later(t.Context())
		if got := (method.Password{}).CostOf(account(t, w, p.Name)); got != two {
			t.Errorf("%s: got the cost %s after the answer, want %s", p.Name, got, two)
		}
		if b := newBrowser(w, p); !w.SignedIn(b) {
			t.Errorf("%s: not signed in with the password hashed anew", p.Name)
		}
		lower(want)
	}
}

// A password that is changed between the answer and the new hash stays changed.
func TestAHashMadeAnewReplacesNoNewPassword(t *testing.T) {
	w, people := mixedCosts(t)
	p := people[0]
	signInFrom(t, w, "203.0.113.1", p.Name, p.Password)
	change(t, w, p.Name, func(a *recovery.Account) { a.Credential(recovery.Password).Data = []byte(`{"hash":"another"}`) })
	w.Engine.Later(t.Context())
	if got := string(account(t, w, p.Name).Credential(recovery.Password).Data); got != `{"hash":"another"}` {
		t.Errorf("got %s, want the new password to stay", got)
	}
}
