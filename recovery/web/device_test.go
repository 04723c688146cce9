package web_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

const approve = "/.sparekey/account/approve"

// pair is a browser that alice has used for days, and a new one that waits to be
// let in.
type pair struct {
	*recoverytest.World
	alice       *recoverytest.Person
	known, next *recoverytest.Browser
}

func knownAndNew(t *testing.T, made func(*testing.T, ...recoverytest.Option) (*recoverytest.World, *recoverytest.Person)) *pair {
	t.Helper()
	w, alice := made(t)
	p := &pair{World: w, alice: alice, known: enter(t, w, w.Browser(), alice)}
	w.Clock.Move(25 * time.Hour)
	enter(t, w, p.known, alice)
	w.Clock.Move(time.Minute)
	w.Web.Front = web.Front{Peer: func(*http.Request) bool { return true }, Proxy: func(*http.Request, netip.Addr) bool { return false }}
	p.next = p.asks("/album", "192.0.2.1")
	p.known.Header.Set("X-Forwarded-For", "192.0.2.1")
	return p
}

// asks is a new browser with the right password, somewhere, that asks to be let in.
func (p *pair) asks(path, from string) *recoverytest.Browser {
	p.TB.Helper()
	b := p.Browser()
	b.Header.Set("X-Forwarded-For", from)
	b.Get(path).Want("sign-in").Submit("name", p.alice.Name, "password", p.alice.Password)
	return b.Want("factor").Submit("method", recovery.OtherDevice)
}

// proves gives the number of the new browser and the proof.
func (p *pair) proves() *recoverytest.Browser {
	p.TB.Helper()
	b := p.known.Get(approve).Want("device-approve").Submit("code", p.next.Find("number")).Want("factor")
	if p.alice.Key == "" {
		return b.Submit("password", p.alice.Password).Want("device-approve")
	}
	return b.Submit("code", recoverytest.TOTP(p.World, p.alice.Key)).Want("device-approve")
}

// peek asks as the script of the waiting page does.
func (p *pair) peek() int {
	p.TB.Helper()
	q := p.next.URL.Query()
	q.Set("state", "waiting")
	req, err := http.NewRequestWithContext(p.TB.Context(), http.MethodHead, p.next.Base+"/.sparekey/?"+q.Encode(), http.NoBody)
	if err != nil {
		p.TB.Fatal(err)
	}
	res, err := p.next.Client.Do(req)
	if err != nil {
		p.TB.Fatal(err)
	}
	defer res.Body.Close()
	return res.StatusCode
}

// look loads the waiting page again.
func (p *pair) look() *recoverytest.Browser { return p.next.Get(p.next.URL.RequestURI()) }

func TestDV01_CodeFromAKnownDevice(t *testing.T) {
	t.Parallel()
	for _, kind := range accounts() {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			p := knownAndNew(t, kind.made)
			if got := p.peek(); got != http.StatusNoContent {
				t.Errorf("got %d before anybody answered, want 204", got)
			}
			p.known.Get(approve).Want("device-approve")
			for _, want := range []string{"/album", "Firefox", "in the network where you are now"} {
				if !strings.Contains(p.known.Text(), want) {
					t.Errorf("the known browser does not show %q:\n%s", want, p.known.Text())
				}
			}
			p.proves().Submit("choice", "code").Want("device-approve")
			code := p.known.Find("device-code")
			if len(code) != 9 || p.peek() != http.StatusResetContent {
				t.Fatalf("got code %q, and %d for the script", code, p.peek())
			}
			if p.look().Submit("code", code); !p.SignedIn(p.next) {
				t.Fatalf("not signed in: %s", p.next.Text())
			}
			if p.known.Get(approve); p.known.Find("device-code") != "" {
				t.Error("the code is still shown after it was used")
			}
		})
	}
}

func TestDV01_LetInByTap(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	p.proves().Submit("choice", "tap").Want("device-approve")
	if got := p.peek(); got != http.StatusResetContent {
		t.Errorf("got %d after it was let in, want 205", got)
	}
	before := len(account(t, p.World, "alice").Sessions)
	fields := p.look().Want("device-wait").Hidden("")
	if n := len(account(t, p.World, "alice").Sessions); n != before {
		t.Error("showing the page signed in")
	}
	fields.Set("code", "check")
	if p.next.Post("/.sparekey/", fields); !p.SignedIn(p.next) {
		t.Fatalf("not signed in: %s", p.next.Text())
	}
}

func TestDV01_WrongNumberEndsItOnBothSides(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	wrong := "10"
	if p.next.Find("number") == wrong {
		wrong = "11"
	}
	p.known.Get(approve).Submit("code", wrong)
	if p.known.Status != http.StatusUnprocessableEntity || p.known.Has("code") {
		t.Errorf("got %d and a field for the number: %v", p.known.Status, p.known.Has("code"))
	}
	if p.look(); !strings.Contains(p.next.Text(), "wrong number") || !p.next.Offers("method", "device") {
		t.Errorf("got %s", p.next.Text())
	}
}

// After two wrong numbers none is asked for there for an hour, and the account can be
// locked; a browser elsewhere may ask.
func TestDV06_TwoWrongNumbers(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	for i := range 2 {
		if i > 0 {
			p.look().Submit("method", recovery.OtherDevice).Want("device-wait")
		}
		wrong := "10"
		if p.next.Find("number") == wrong {
			wrong = "11"
		}
		p.known.Get(approve).Want("device-approve").Submit("code", wrong)
	}
	if p.look().Submit("method", recovery.OtherDevice).Want("slow-down"); !p.known.Get(approve).Offers("choice", "lock") {
		t.Errorf("it is not offered to lock the account: %s", p.known.Text())
	}
	p.Clock.Move(3 * time.Minute)
	p.asks("/", elsewhere).Want("device-wait")
	p.Clock.Move(time.Hour)
	p.asks("/", "192.0.2.1").Want("device-wait")
}

func TestDV01_NotMeEndsItOnBothSides(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	p.known.Get(approve).Submit("choice", "not_me")
	if !strings.Contains(p.known.Text(), "change it") {
		t.Errorf("got %s", p.known.Text())
	}
	p.look().Submit("method", "device").Want("slow-down")
	if p.known.Get(approve).Submit("choice", "lock").Want("stop"); account(t, p.World, "alice").State != recovery.StateFrozen {
		t.Error("the account is not locked")
	}
}

// Nothing is locked where no request was turned down.
func TestDV01_NothingTurnedDownNothingLocked(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	p.known.Post(approve, recoverytest.Fields("name", p.request().ID, "choice", "lock"))
	if account(t, p.World, "alice").State != recovery.StateActive || p.request().State != recovery.DeviceWaiting {
		t.Error("the account is locked, or the request ended")
	}
}

func TestDV04_ACodeIsTypedAndNotFramed(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	if csp := p.known.Get(approve).Answer.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") {
		t.Errorf("got policy %q", csp)
	}
	p.proves().Submit("choice", "code")
	code, page := p.known.Find("device-code"), p.next.URL.RequestURI()
	for _, query := range []string{"&code=" + code, "&code=" + code + "#" + code, "&code=check"} {
		if p.next.Get(page + query); p.SignedIn(p.next) {
			t.Fatalf("a GET with %q signed in", query)
		}
	}
	if p.next.Get(page).Submit("code", code); !p.SignedIn(p.next) {
		t.Errorf("the code was spent by a GET: %s", p.next.Text())
	}
}

func TestDV06_OneRequestThatStrangersCannotTake(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	number := p.next.Find("number")
	p.asks("/", elsewhere).Want("slow-down")
	if p.look(); p.next.Find("number") != number || !strings.Contains(p.next.Text(), "Was that you?") {
		t.Errorf("the new browser shows %s", p.next.Text())
	}
	if p.known.Get(approve); !strings.Contains(p.known.Text(), "Was that you?") {
		t.Errorf("the known browser shows %s", p.known.Text())
	}
	p.Clock.Move(2 * time.Minute)
	p.asks("/", elsewhere).Want("device-wait")
	if p.look(); !strings.Contains(p.next.Text(), "another one has taken its place") {
		t.Errorf("after two minutes: %s", p.next.Text())
	}
}

// Whoever presses "let another device in" while none asks is told so, and not asked
// to vouch for somebody. What cannot be read is not taken for none.
func TestNoDeviceAsks(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	b := enter(t, w, w.Browser(), alice)
	page := func() *recoverytest.Browser {
		if b.Get("/.sparekey/account/devices"); !strings.Contains(b.Body, `href="`+approve+`?choice=let_in"`) {
			t.Errorf("the page of devices does not lead there:\n%s", b.Body)
		}
		return b.Get(approve + "?choice=let_in")
	}
	if page().Want("device-approve"); !strings.Contains(b.Text(), "known for a day") {
		t.Errorf("a young browser: got %q, want to be told", b.Text())
	}
	w.Clock.Move(25 * time.Hour)
	enter(t, w, b, alice)
	if page().Want("device-approve"); !strings.Contains(b.Text(), "No device asks") {
		t.Errorf("got %q, want that none asks", b.Text())
	}
	if ok, err := w.Driver.Swap(t.Context(), "device/"+account(t, w, alice.Name).ID, nil, []byte("damaged"), 0); err != nil || !ok {
		t.Fatalf("Swap: got %v, %v, want true", ok, err)
	}
	if page(); b.Status != http.StatusServiceUnavailable {
		t.Errorf("what cannot be read: got status %d on page %q, want 503", b.Status, b.Page())
	}
}
