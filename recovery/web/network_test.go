package web_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// homeWorld is a site where one factor is enough in a network, and where its
// clients are.
type homeWorld struct {
	*recoverytest.World
	alice *recoverytest.Person
	at    atomic.Pointer[netip.Addr]
}

const (
	atHome    = "192.168.1.7"
	atRouter  = "192.168.1.1"
	elsewhere = "203.0.113.9"
)

func newHome(t *testing.T, options ...recoverytest.Option) *homeWorld {
	t.Helper()
	w, alice := withFactor(t, options...)
	h := &homeWorld{World: w, alice: alice}
	w.Rules.Networks = guard.Networks{Ranges: []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24")}, Never: []netip.Addr{netip.MustParseAddr(atRouter)}}
	w.Web.Front = web.Front{Peer: func(r *http.Request) bool {
		r.Header.Set("X-Forwarded-For", h.at.Load().String()) // as a proxy does that stands there
		return true
	}, Proxy: func(*http.Request, netip.Addr) bool { return false }}
	h.move(atHome)
	return h
}

func (h *homeWorld) move(to string) {
	a := netip.MustParseAddr(to)
	h.at.Store(&a)
}

// signInAt gives the password.
func (h *homeWorld) signInAt(place string) *recoverytest.Browser {
	h.TB.Helper()
	h.move(place)
	b := h.Browser()
	b.Get("/.sparekey/login").Submit("name", h.alice.Name, "password", h.alice.Password)
	return b
}

// TestNetworkAsksForOneFactor there and nowhere else, and for the second one on
// the first request from elsewhere, whichever it is.
func TestNetworkAsksForOneFactor(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	for _, place := range []string{elsewhere, atRouter, "192.168.2.7", "::1"} {
		h.signInAt(place).Want("factor")
	}
	b := h.signInAt(atHome)
	if b.Get("/album"); b.Status != http.StatusOK || told(t, b).Header.Get("Remote-User") != h.alice.Name {
		t.Fatalf("at home: got %d, want the app", b.Status)
	}
	if len(b.Client.Jar.Cookies(b.URL)) != 1 {
		t.Errorf("got cookies %v, want that of the session only", b.Client.Jar.Cookies(b.URL))
	}
	for _, place := range []string{elsewhere, atRouter} {
		h.move(place)
		if b.Get("/album"); b.Status != http.StatusUnauthorized || b.Page() != "forbidden" {
			t.Errorf("at %s: got %d %s, want the page that asks for the factor", place, b.Status, b.Page())
		}
	}
	quietly(b)
	if b.Get("/api"); b.Status != http.StatusUnauthorized || !strings.Contains(b.Body, "proof_required") {
		t.Errorf("elsewhere in the background: got %d %s", b.Status, b.Body)
	}
	b.Header = http.Header{}
	h.move(atHome)
	h.Rules.Fresh = time.Hour
	if b.Get("/album"); b.Status != http.StatusUnauthorized {
		t.Errorf("at home, where a fresh proof is asked for: got %d, want 401", b.Status)
	}
	h.Rules.Fresh = 0
	h.move(elsewhere)
	proved(t, h.World, b.Get("/album"), h.alice, "/album")
	if a := account(t, h.World, h.alice.Name); a.Sessions[len(a.Sessions)-1].Near || a.Sessions[len(a.Sessions)-1].Device == "" {
		t.Error("after the proof the session is not whole")
	}
	if b.Get("/.sparekey/account").Want("account"); b.Status != http.StatusOK {
		t.Errorf("the account page after the proof: got %d", b.Status)
	}
}

// TestNetworkSignInChangesNothing of the account beside its session.
func TestNetworkSignInChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.move(elsewhere)
	for range 3 {
		signIn(h.World, h.Browser(), h.alice)
	}
	half := h.Browser() // an alarm is owed for this one
	half.Get("/.sparekey/login").Submit("name", h.alice.Name, "password", h.alice.Password).Want("factor").Submit("code", "000000")
	change(t, h.World, h.alice.Name, func(a *recovery.Account) {
		a.Waits = []recovery.Wait{{Goal: recovery.GoalPassword, Began: h.Clock.Now(), Ready: h.Clock.Now().Add(time.Hour), Until: h.Clock.Now().Add(48 * time.Hour)}}
	})
	before := account(t, h.World, h.alice.Name)
	h.move(atHome)
	half.Get("/.sparekey/login").Submit("name", h.alice.Name, "password", h.alice.Password)
	for range 8 {
		h.signInAt(atHome)
	}
	after := account(t, h.World, h.alice.Name)
	near := 0
	for _, s := range after.Sessions {
		if s.Near {
			near++
		}
	}
	if near != 5 || len(after.Sessions)-near != len(before.Sessions) {
		t.Errorf("got %d sessions of one factor and %d others, want 5 and %d", near, len(after.Sessions)-near, len(before.Sessions))
	}
	if len(after.Devices) != len(before.Devices) || len(after.Waits) != 1 || after.Acts != before.Acts || after.SignIns != before.SignIns || len(after.Begun) < len(before.Begun) {
		t.Errorf("got %d devices, %d waits, acts %d, sign-ins %d, %d begun; before %d, 1, %d, %d, %d", len(after.Devices), len(after.Waits), after.Acts, after.SignIns, len(after.Begun),
			len(before.Devices), before.Acts, before.SignIns, len(before.Begun))
	}
}

// TestNetworkSignInProvesNothing on our own pages: they ask for the factor, and no
// flow begins but the one that shows it.
func TestNetworkSignInProvesNothing(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	b := h.signInAt(atHome)
	for _, path := range []string{"/.sparekey/account", "/.sparekey/people"} {
		if b.Get(path).Want("forbidden"); !strings.Contains(b.Body, `name="return" value="`+path+`"`) {
			t.Errorf("%s: the page does not lead back\n%s", path, b.Body)
		}
	}
	for _, r := range recovery.Recipes() {
		if r.SignedIn && !r.Near {
			b.Post("/.sparekey/", recoverytest.Fields("start", string(r.Kind)))
			if b.Status < 400 {
				t.Errorf("%s: got %d and page %s, want it refused", r.Kind, b.Status, b.Page())
			}
		}
	}
	for _, choice := range []string{"stop_wait", "own_wait", "everywhere", "elsewhere"} {
		b.Post("/.sparekey/account", recoverytest.Fields("choice", choice)).Want("not-saved")
	}
	b.Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	if b.Get("/"); b.Status != http.StatusUnauthorized {
		t.Errorf("signed out: got %d, want 401", b.Status)
	}
}

// TestNetworkOfOneAddressIsTold: where all come from one address of several, a
// router may hide who is behind it.
func TestNetworkOfOneAddressIsTold(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	var said bytes.Buffer
	h.Engine.Log = slog.New(slog.NewTextHandler(&said, nil))
	people := []*recoverytest.Person{h.alice, bob(), {Name: "carol", Mail: "carol@example.org", Phone: "+41791234569", Password: "carols horse staple"}}
	h.move(elsewhere)
	for _, p := range people[1:] {
		h.Invite(p)
	}
	signIns := func(n int, place string) {
		t.Helper()
		h.move(place)
		for i := range n {
			h.Clock.Move(time.Minute)
			p := people[i%len(people)]
			if h.Browser().Get("/.sparekey/login").Submit("name", p.Name, "password", p.Password); account(t, h.World, p.Name).Sessions == nil {
				t.Fatalf("%s is not signed in", p.Name)
			}
		}
	}
	signIns(9, atHome)
	if got := h.Engine.OneAddresses(); got != nil || said.Len() > 0 {
		t.Errorf("after nine sign-ins: got %v, and said %q", got, &said)
	}
	signIns(3, atHome)
	if got := h.Engine.OneAddresses(); len(got) != 1 || got[0].Network != "192.168.1.0/24" || got[0].Address != atHome {
		t.Errorf("after twelve: got %v, want that network and address", got)
	}
	if n := strings.Count(said.String(), "came from one address, "+atHome); n != 1 {
		t.Errorf("got it %d times in the log, want it once:\n%s", n, &said)
	}
	signIns(1, "192.168.1.8")
	if got := h.Engine.OneAddresses(); got != nil {
		t.Errorf("after one from another address: got %v, want none", got)
	}
}
