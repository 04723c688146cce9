package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// code makes a code on the known browser.
func (p *pair) code() string {
	p.TB.Helper()
	return p.proves().Submit("choice", "code").Want("device-approve").Find("device-code")
}

// types posts the form that a browser shows when a code was made.
func (p *pair) types(b *recoverytest.Browser, code string) *recoverytest.Browser {
	p.TB.Helper()
	return b.Post("/.sparekey/", url.Values{"flow": {b.URL.Query().Get("f")}, "code": {code}})
}

// request is what is stored of the account's request.
func (p *pair) request() recovery.DeviceRequest {
	p.TB.Helper()
	a, err := p.Engine.Find(p.TB.Context(), p.alice.Name)
	if err != nil {
		p.TB.Fatal(err)
	}
	q, _, err := kv.Load[recovery.DeviceRequest](p.TB.Context(), p.Engine.Store, "device/"+a.ID)
	if err != nil {
		p.TB.Fatal(err)
	}
	return q
}

func TestA49_ACodeWithoutThePasswordIsRefused(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	code := p.code()
	thief := p.Browser()
	thief.Get("/.sparekey/login").Submit("name", p.alice.Name, "password", "not her password")
	p.types(thief, code)
	thief.Post("/.sparekey/", url.Values{"start": {"login"}, "name": {p.alice.Name}, "code": {code}, "method": {"device"}})
	thief.Post("/.sparekey/", url.Values{"flow": {p.next.URL.Query().Get("f")}, "code": {code}})
	if p.SignedIn(thief) {
		t.Error("signed in without the password")
	}
}

func TestA50_ACodeForOneRequestIsRefusedInAnother(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	other := p.asks("/", "192.0.2.1").Want("device-wait") // takes the place of the first
	first := p.next
	p.next = other
	code := p.code()
	if p.types(first, code); p.SignedIn(first) {
		t.Fatal("a code for B was taken in A")
	}
	if p.types(p.next, code); !p.SignedIn(p.next) {
		t.Errorf("B: %s", p.next.Text())
	}
}

func TestA51_AnAddressWithTheCodeDoesNothing(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	code := p.code()
	for _, b := range []*recoverytest.Browser{p.next, p.Browser()} {
		for _, page := range []string{"", "login", "link", "account/approve"} {
			if b.Get("/.sparekey/" + page + "?f=" + url.QueryEscape(p.request().Flow) + "&code=" + code + "#" + code); p.SignedIn(b) {
				t.Errorf("%s: signed in", page)
			}
		}
	}
	if q := p.request(); q.State != recovery.DeviceCoded || q.Tries != 0 {
		t.Errorf("got %+v: a GET has used it", q)
	}
}

func TestDV02_FiveTriesAndThreeMinutes(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	code := p.code()
	for range 5 {
		p.types(p.next, "0000-0000").Want("device-wait")
		p.next.Get("/.sparekey/?f=" + url.QueryEscape(p.request().Flow))
	}
	if p.types(p.next, code); p.SignedIn(p.next) {
		t.Error("the right code was taken after five wrong ones")
	}
	late := knownAndNew(t, withFactor)
	code = late.code()
	late.Clock.Move(3 * time.Minute)
	if late.types(late.next, code); late.SignedIn(late.next) {
		t.Error("the code was taken after three minutes")
	}
	back := knownAndNew(t, withFactor)
	code = back.code()
	back.Clock.Move(-time.Hour) // a clock that was set back takes no life away, and gives none
	back.Clock.Move(time.Hour + 3*time.Minute)
	if back.types(back.next, code); back.SignedIn(back.next) {
		t.Error("a clock that moved gave the code more time")
	}
}

func TestDV02_AnApprovalIsUsedOnce(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	p.proves().Submit("choice", "tap")
	page := p.next.URL.RequestURI()
	var wg sync.WaitGroup
	for range 3 {
		copied := p.Browser()
		u, err := url.Parse(p.Server.URL)
		if err != nil {
			t.Fatal(err)
		}
		copied.Client.Jar.SetCookies(u, p.next.Client.Jar.Cookies(u))
		copied.Header.Set("X-Forwarded-For", "192.0.2.1")
		copied.Get(page)
		wg.Go(func() { p.types(copied, "check") })
	}
	wg.Wait()
	n := 0
	for _, s := range account(t, p.World, "alice").Sessions {
		for _, proof := range s.Proofs {
			if proof.Method == recovery.OtherDevice {
				n++
			}
		}
	}
	if n != 1 {
		t.Errorf("got %d sessions by one approval, want 1", n)
	}
}

func TestDV02_TheRequestLivesFiveMinutes(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	p.Clock.Move(5 * time.Minute)
	if p.known.Get(approve); p.known.Page() == "device-approve" {
		t.Errorf("still shown: %s", p.known.Text())
	}
	if p.look(); !p.next.Offers("method", "device") {
		t.Errorf("the new browser says %s", p.next.Text())
	}
}

func TestDV06_ThreeAtOnceAndAHundred(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	var wg sync.WaitGroup
	got := make([]string, 3)
	for i := range got {
		wg.Go(func() { got[i] = p.asks("/", "192.0.2.1").Page() })
	}
	wg.Wait()
	if n := strings.Count(strings.Join(got, " "), "device-wait"); n != 2 {
		t.Errorf("got %v, want two more of this network in an hour and no third", got)
	}
	waiting := 0
	for i := range 100 {
		p.Clock.Move(3 * time.Second)
		if p.asks("/", "198.51.100."+string(rune('1'+i%9))).Page() == "device-wait" {
			waiting++
		}
	}
	if n := kinds(t, p.World)["device"]; waiting > 7 || n != 1 {
		t.Errorf("got %d more requests of strangers in 5 minutes and %d records, want 7 at most and one", waiting, n)
	}
}

func TestDV03_SignedOutWhileItApproves(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	p.proves()
	a := account(t, p.World, "alice")
	if err := p.Engine.SignOut(t.Context(), p.known.Cookie("sparekey").Value, false); err != nil || len(a.Sessions) == 0 {
		t.Fatal(err)
	}
	p.known.Submit("choice", "tap")
	if q := p.request(); q.State != recovery.DeviceWaiting {
		t.Errorf("got %s: a browser that was signed out has answered", q.State)
	}
	if p.known.Page() != "refused" && p.known.Page() != "sign-in" {
		t.Errorf("the known browser is told %s", p.known.Text())
	}
	page := p.next.URL.RequestURI()
	if p.types(p.next, "check").Want("device-wait"); p.SignedIn(p.next) {
		t.Error("the new browser is signed in")
	}
	p.next.Get(page).Want("device-wait")
	p.Clock.Move(time.Minute)
	enter(t, p.World, p.known, p.alice) // nothing was spent: she signs in there and goes on
	p.Clock.Move(time.Minute)
	if p.proves().Submit("choice", "tap"); !p.SignedIn(p.types(p.next, "check")) {
		t.Errorf("not let in afterwards: %s", p.next.Text())
	}
}

func TestDV05_ABrowserThatWasLetInForADay(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	if p.types(p.next, p.code()); !p.SignedIn(p.next) {
		t.Fatal("not let in")
	}
	for _, kind := range []recovery.Kind{recovery.KindAddFactor, recovery.KindNewCodes, recovery.KindChangeMail, recovery.KindChangePassword, recovery.KindLetIn} {
		if p.next.Post("/.sparekey/", recoverytest.Fields("start", string(kind))); p.next.Status != http.StatusUnprocessableEntity && p.next.Page() != "refused" {
			t.Errorf("%s: got page %q, status %d", kind, p.next.Page(), p.next.Status)
		}
	}
	p.next.Post("/.sparekey/logout", recoverytest.Fields())
	p.Clock.Move(time.Minute)
	enter(t, p.World, p.next, p.alice) // with her own authenticator
	if p.next.Post("/.sparekey/", recoverytest.Fields("start", "new_codes")); p.next.Page() == "refused" {
		t.Error("still refused after a sign-in with her own factor")
	}
}

func TestDV05_OneTapUndoesIt(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	if p.types(p.next, p.code()); !p.SignedIn(p.next) {
		t.Fatal("not let in")
	}
	m := p.Outbox.Take(t, p.alice.Mail, "notice")
	if m.Vars["event"] != "device_let_in" || m.Vars["stop"] == "" {
		t.Fatalf("got notice %v", m.Vars)
	}
	p.Clock.Move(7*24*time.Hour - time.Minute)
	b := p.Browser()
	b.Follow(m.Vars["stop"]).Want("stop").Submit("choice", "only")
	a := account(t, p.World, "alice")
	if p.SignedIn(p.next) || len(a.Sessions) != 0 || a.State != recovery.StateActive {
		t.Errorf("signed in %v, %d sessions, account %s", p.SignedIn(p.next), len(a.Sessions), a.State)
	}
	for _, d := range a.Devices {
		if !d.Admitted.IsZero() {
			t.Errorf("the browser is still known: %+v", d)
		}
	}
}

// Before anything was proved a request is found by its code, looks alike for
// everybody, and shows nowhere by itself.
func TestDV01_ARequestBeforeAnyProofIsFoundByItsCode(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	p.known.Get(approve).Submit("choice", "not_me")
	p.Clock.Move(6 * time.Minute)
	asks := func(name string) *recoverytest.Browser {
		b := p.Browser()
		b.Get("/.sparekey/recover?choice=unlock").Submit("name", name).Want("sent")
		return b.Submit("method", recovery.OtherDevice).Want("device-wait")
	}
	own, nobody := asks(p.alice.Name), asks("ghost")
	code := own.Find("find")
	if got, want := strings.ReplaceAll(normal(nobody, "ghost"), nobody.Find("find"), ""), strings.ReplaceAll(normal(own, p.alice.Name), code, ""); got != want {
		t.Errorf("nobody gets\n%s\nwant\n%s", got, want)
	}
	if p.known.Get(approve); p.known.Page() == "device-approve" {
		t.Error("it shows by itself")
	}
	p.known.Get(approve+"?choice=device").Submit("code", "!?")
	p.known.Get(approve+"?choice=device").Submit("code", nobody.Find("find"))
	if p.known.Status != http.StatusUnprocessableEntity {
		t.Errorf("a request of nobody is found: %s", p.known.Text())
	}
	p.Clock.Move(time.Minute)
	p.known.Get(approve+"?choice=device").Submit("code", code).Want("factor").Submit("code", recoverytest.TOTP(p.World, p.alice.Key))
	p.known.Want("device-approve").Submit("choice", "tap")
	for b, want := range map[*recoverytest.Browser]string{own: "sign-in", nobody: "device-wait"} {
		if b.Post("/.sparekey/", url.Values{"flow": {b.URL.Query().Get("f")}, "code": {"check"}}); b.Page() != want {
			t.Errorf("got page %q, want %q: %s", b.Page(), want, b.Text())
		}
	}
}
