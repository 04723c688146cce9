package web_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// signInFrom posts name and password in a new browser of a network, and returns
// how long the answer waits.
func signInFrom(t *testing.T, w *recoverytest.World, network, name, password string) (time.Duration, recovery.Outcome) {
	t.Helper()
	o, err := w.Engine.Submit(t.Context(), recovery.Client{Network: network}, recovery.Input{
		Start: recovery.KindLogin, Name: name, Password: secret.Text(password),
	})
	switch {
	case err != nil:
		t.Fatal(err)
	case o.Problem == nil:
		return 0, o
	}
	return o.Problem.Wait, o
}

// TH-06: who tries many names is slowed from the 21st on, and from three times as
// many on no further one is looked at before its time.
func TestTH06_ManyNamesFromOneNetworkAreSlowed(t *testing.T) {
	for name, x := range map[string]struct {
		network func(i int) string
		free    int
	}{
		"one address":                            {func(int) string { return "203.0.113.9" }, 20},
		"one IPv6 /64":                           {func(int) string { return "2001:db8:1:2::/64" }, 20},
		"an IPv4 /24":                            {func(i int) string { return fmt.Sprintf("203.0.113.%d", i%16) }, 60},
		"an IPv6 /48":                            {func(i int) string { return fmt.Sprintf("2001:db8:1:%x::/64", i%16) }, 60},
		"addresses that have no place in common": {func(i int) string { return fmt.Sprintf("203.0.%d.9", i) }, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			w := recoverytest.New(t)
			alice := recoverytest.Alice()
			w.Setup(alice)
			for i := range min(3*x.free, 200) {
				want := time.Duration(0)
				if i >= x.free {
					want = 10 * time.Second
				}
				if got, _ := signInFrom(t, w, x.network(i), fmt.Sprintf("u%03d", i), "wrong horse staple"); got != want {
					t.Fatalf("name %d: got a wait of %s, want %s", i+1, got, want)
				}
			}
			if x.free == 1000 {
				return
			}
			if got, _ := signInFrom(t, w, x.network(0), "alice", alice.Password); got != 10*time.Second {
				t.Errorf("after %d names: got a wait of %s before one more is looked at, want 10s", 3*x.free, got)
			}
			w.Clock.Move(10 * time.Second)
			if got, o := signInFrom(t, w, x.network(0), "alice", alice.Password); got != 0 || o.Problem != nil {
				t.Errorf("after ten seconds: got %v, want the password looked at", o.Problem)
			}
			w.Clock.Move(10 * time.Minute)
			if got, _ := signInFrom(t, w, x.network(0), "ghost", "wrong horse staple"); got != 0 {
				t.Errorf("after ten minutes: got a wait of %s, want none", got)
			}
		})
	}
}

// A place behind one address does not lock itself out: who types the right
// password waits for nobody's mistakes, and neither does a known browser or what
// begins with a secret.
func TestTH06_APlaceBehindOneAddressIsNotSlowed(t *testing.T) {
	w := recoverytest.New(t)
	alice, known := recoverytest.Alice(), w.Browser()
	w.Setup(alice)
	w.SignIn(known, alice, "/")
	known.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	const place = "127.0.0.1" // where browsers of tests are
	for i := range 59 {
		signInFrom(t, w, place, fmt.Sprintf("u%03d", i), "wrong horse staple")
		if wait, o := signInFrom(t, w, place, "alice", alice.Password); wait != 0 || o.Problem != nil {
			t.Fatalf("the right password after %d names: got %v, want it looked at", i+1, o.Problem)
		}
	}
	for i := range 300 { // many more: an attack now
		signInFrom(t, w, place, fmt.Sprintf("v%03d", i), "wrong horse staple")
	}
	known.Get("/").Submit("name", "alice", "password", "wrong horse staple").Want("sign-in")
	w.SignIn(known, alice, "/")
	b := w.Browser()
	b.Get("/.sparekey/recover").Submit("name", "alice").Want("sent").Submit("method", recovery.RecoveryCode).Want("factor")
	b.Submit("code", alice.Codes[0]).Want("choice").Submit("choice", "second_factor").Want("factor")
	b.Submit("password", "wrong horse staple").Want("factor").Submit("password", alice.Password).TakeApp()
}

// The answer tells nothing of who exists: names of nobody, and those with an
// account, wait alike.
func TestTH06_ASprayTellsNotWhoExists(t *testing.T) {
	w := recoverytest.New(t)
	w.Setup(recoverytest.Alice())
	for i := range 25 {
		signInFrom(t, w, "203.0.113.9", fmt.Sprintf("u%03d", i), "wrong horse staple")
	}
	for _, name := range []string{"alice", "ghost"} {
		for try, want := range []time.Duration{10 * time.Second, 0, 0, 0, 0, 30 * time.Second} {
			if got, _ := signInFrom(t, w, "203.0.113.9", name, "wrong horse staple"); got != want {
				t.Errorf("%s, try %d: got a wait of %s, want %s", name, try+1, got, want)
			}
		}
	}
}

// Without the addresses of visitors every limit is one for all. Doctor asks for
// this.
func TestSharedAddressIsNoticed(t *testing.T) {
	people := []string{"alice", "robin", "carol"}
	for name, x := range map[string]struct {
		networks []string
		people   int
		want     string
	}{
		"a proxy that is not trusted": {[]string{"172.17.0.1"}, 3, "172.17.0.1"},
		"IPv6":                        {[]string{"fd00:1:2:3::/64"}, 3, "fd00:1:2:3::/64"},
		"one person":                  {[]string{"172.17.0.1"}, 1, ""},
		"a family abroad":             {[]string{"203.0.113.9"}, 3, ""},
		"two addresses":               {[]string{"172.17.0.1", "172.17.0.9"}, 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := recoverytest.New(t)
			for i, p := range people[:x.people] {
				if _, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: p}); err != nil {
					t.Fatal(err)
				}
				change(t, w, p, func(a *recovery.Account) { a.State = recovery.StateActive })
				signInFrom(t, w, x.networks[i%len(x.networks)], p, "wrong horse staple")
			}
			if got := w.Engine.SharedAddress(); got != x.want {
				t.Errorf("got %q, want %q", got, x.want)
			}
		})
	}
}
