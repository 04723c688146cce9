package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// lost is a browser that begins a way back with a known device, and what finds its
// request there.
func (p *pair) lost(name string) (b *recoverytest.Browser, code string) {
	p.TB.Helper()
	b = p.Browser()
	b.Get("/.sparekey/recover").Submit("name", name).Want("sent").Submit("method", recovery.OtherDevice).Want("device-wait")
	return b, b.Find("find")
}

// robins is a browser that robin has used for days.
func (p *pair) robins() *recoverytest.Browser {
	p.TB.Helper()
	robin := bob()
	p.Invite(robin)
	b := signIn(p.World, p.Browser(), robin)
	p.Clock.Move(25 * time.Hour)
	signIn(p.World, b, robin)
	p.Clock.Move(time.Minute)
	return b
}

// finds types the code of a request on the known browser.
func (p *pair) finds(code string) *recoverytest.Browser {
	p.TB.Helper()
	return p.known.Get(approve+"?choice=device").Submit("code", code)
}

// taps lets a browser in, which then goes on.
func (p *pair) taps(b *recoverytest.Browser) *recoverytest.Browser {
	p.TB.Helper()
	p.known.Want("device-approve").Submit("choice", recovery.ChoiceTap).Want("device-approve")
	if !strings.Contains(p.known.Text(), "goes on by itself") {
		p.TB.Errorf("got %s, want that it is done", p.known.Text())
	}
	return p.types(b, "check")
}

func TestDV08_ALostPasswordByAKnownDevice(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	b, code := p.lost(p.alice.Name)
	p.finds(code).Want("factor").Submit("code", recoverytest.TOTP(p.World, p.alice.Key)).Want("device-approve")
	if !strings.Contains(p.known.Text(), "new password or a new second factor") {
		t.Errorf("it is not said what that is for: %s", p.known.Text())
	}
	fields := p.known.Hidden("choice")
	fields.Set("choice", recovery.ChoiceCode) // which no page would show
	if p.known.Offers("choice", recovery.ChoiceCode) || p.known.Post("/.sparekey/", fields).Status != http.StatusUnprocessableEntity {
		t.Errorf("a code is made for a browser that was found by one: %s", p.known.Text())
	}
	p.taps(b).Want("choice").Submit("choice", string(recovery.GoalPassword)).Want("new-password")
	b.Submit("new_password", "another horse battery").Want("sign-in")
	if p.SignedIn(p.known) {
		t.Error("the sessions of before are still there")
	}
	p.alice.Password = "another horse battery"
	enter(t, p.World, p.Browser(), p.alice)
}

// Without a second factor the session is enough, when it is an hour old, and the
// mailbox beside it.
func TestDV08_ALostPasswordWithoutAFactor(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withoutFactor)
	_, code := p.lost(p.alice.Name)
	if p.finds(code); !strings.Contains(p.known.Text(), "at least an hour old") {
		t.Errorf("a session of a minute: got page %q, %s", p.known.Page(), p.known.Text())
	}
	p.Clock.Move(time.Hour)
	b, code := p.lost(p.alice.Name)
	p.finds(code)
	p.taps(b).Want("sent").Submit("code", p.MailCode(p.alice)).Want("new-password")
	b.Submit("new_password", "another horse battery of mine").Want("sign-in")
}

// A lost phone takes the password, on the known device, and a day in which another
// channel than that device could stop it.
func TestDV08_ALostPhoneByAKnownDevice(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	change(t, p.World, "alice", func(a *recovery.Account) { // she stays signed in there
		for i := range a.Sessions {
			a.Sessions[i].End, a.Sessions[i].Idle = p.Clock.Now().Add(30*24*time.Hour), 7*24*3600
		}
	})
	walk := func() *recoverytest.Browser {
		b, code := p.lost(p.alice.Name)
		another(p.finds(code).Want("factor")).Submit("method", recovery.Password).Want("factor").Submit("password", p.alice.Password)
		return p.taps(b).Want("choice").Submit("choice", string(recovery.GoalSecondFactor))
	}
	b := walk()
	for b.Page() != "wait" { // the mailbox is asked first, which she would have to open
		b = another(b).Submit("method", recovery.Waiting)
	}
	b.Submit("choice", "wait")
	if n := len(notices(p.World, p.alice.Mail, recovery.EventWaitStarted)); n != 1 {
		t.Errorf("got %d notices of the wait, want 1", n)
	}
	p.Clock.Move(24 * time.Hour)
	b = walk()
	old := *p.alice
	p.Enrol(b, p.alice)
	b.Want("sign-in")
	if p.SignedIn(p.known) || old.Key == p.alice.Key {
		t.Error("the sessions or the factor of before are still there")
	}
	enter(t, p.World, b, p.alice)
}

// What was shown on the known device decides what can be made new.
func TestDV08_WhatWasShownThereDecides(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		show   func(*pair)
		not    recovery.Goal
		refuse bool
	}{
		{"the password for the password", func(p *pair) {
			another(p.known).Submit("method", recovery.Password).Submit("password", p.alice.Password)
		}, recovery.GoalPassword, true},
		{"the factor for the factor", func(p *pair) { p.known.Submit("code", recoverytest.TOTP(p.World, p.alice.Key)) }, recovery.GoalSecondFactor, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := knownAndNew(t, withFactor)
			b, code := p.lost(p.alice.Name)
			p.finds(code).Want("factor")
			tc.show(p)
			p.taps(b).Want("choice").Submit("choice", string(tc.not))
			if b.Page() == "new-password" || b.Page() == "enroll" || b.Page() == "wait" {
				t.Errorf("got page %q by what was shown there", b.Page())
			}
		})
	}
}

// Nothing tells a name that nobody has from one that somebody has, on either side.
func TestDV08_NobodyLooksLikeSomebody(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	own, code := p.lost(p.alice.Name)
	nobody, none := p.lost("ghost")
	if got, want := strings.ReplaceAll(normal(nobody, "ghost"), none, ""), strings.ReplaceAll(normal(own, p.alice.Name), code, ""); got != want {
		t.Errorf("nobody gets\n%s\nwant\n%s", got, want)
	}
	if p.finds(none); p.known.Status != http.StatusUnprocessableEntity {
		t.Errorf("a request of nobody is found: %s", p.known.Text())
	}
	if q := p.request(); q.Flow == "" || strings.Contains(p.known.Get(approve).Text(), "new second factor") {
		t.Errorf("an unproved request shows by itself, or took the place of a proved one: %+v", q)
	}
	if n := len(notices(p.World, p.alice.Mail, recovery.EventDeviceAsked)); n != 0 {
		t.Errorf("got %d notices of an unproved request", n)
	}
	p.Clock.Move(5 * time.Minute)
	if p.finds(code); p.known.Status != http.StatusUnprocessableEntity {
		t.Errorf("a request of five minutes is found: %s", p.known.Text())
	}
}

// The code of one account's request is none on the devices of another, and a picture
// of the page gives away an address of our own and nothing else.
func TestDV08_DevicesOfOthersFindNothing(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	theirs := p.robins()
	b, code := p.lost(p.alice.Name)
	theirs.Get(approve+"?choice=device").Submit("code", code)
	if theirs.Status != http.StatusUnprocessableEntity {
		t.Errorf("robin finds alice's request: %s", theirs.Text())
	}
	enter(t, p.World, p.known, p.alice)
	p.Clock.Move(time.Minute)
	p.finds(code).Want("factor").Submit("code", recoverytest.TOTP(p.World, p.alice.Key))
	p.taps(b).Want("choice") // nothing was spent
}

// Who has photographed the page of a new browser finds an address of our own, at which
// it signs in or hears that nothing asks. What else the picture shows is none of a
// stranger's: it answers nothing, ends nothing, and the owner goes on.
func TestDV01_APictureOfTheNewBrowser(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	robin := p.robins()
	p.next = p.asks("/", "192.0.2.1").Want("device-wait")
	link, picture := p.Server.URL+approve, p.request()
	if !strings.Contains(strings.ReplaceAll(p.next.Body, "<wbr>", ""), link) {
		t.Fatalf("the page does not lead to %s", link)
	}
	// A whole number: the page has others in it, such as the port.
	numbers := func(b *recoverytest.Browser) []string {
		return strings.FieldsFunc(b.Text(), func(r rune) bool { return r < '0' || r > '9' })
	}
	if !slices.Contains(numbers(p.next), picture.Number) {
		t.Fatal("the new browser does not show its number")
	}
	if b := p.Browser().Get(link); b.Page() != "sign-in" || slices.Contains(numbers(b), picture.Number) {
		t.Errorf("nobody: got page %q: %s", b.Page(), b.Text())
	}
	if robin.Get(link + "?choice=let_in").Want("device-approve"); !strings.Contains(robin.Text(), "No device asks") {
		t.Errorf("robin is told %s", robin.Text())
	}
	robin.Post("/.sparekey/", recoverytest.Fields("start", string(recovery.KindLetIn), "name", picture.ID, "code", picture.Number))
	if robin.Status != http.StatusUnprocessableEntity || robin.Page() == "factor" {
		t.Errorf("robin answers for alice: got page %q, status %d", robin.Page(), robin.Status)
	}
	robin.Post(approve, recoverytest.Fields("name", picture.ID, "choice", "not_me"))
	robin.Post(approve, recoverytest.Fields("name", picture.ID, "choice", "lock"))
	if q := p.request(); q.State != recovery.DeviceWaiting || account(t, p.World, p.alice.Name).State != recovery.StateActive {
		t.Errorf("robin has ended alice's request: %s", q.State)
	}
	enter(t, p.World, p.known, p.alice)
	p.Clock.Move(time.Minute)
	if p.proves().Submit("choice", recovery.ChoiceTap); !p.SignedIn(p.types(p.next, "check")) {
		t.Errorf("alice is not let in afterwards: %s", p.next.Text())
	}
}

// Requests before any proof are limited for each account and network, and in all,
// whoever is named; they use up none of those after one.
func TestDV06_UnprovedRequestsAreLimited(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	asks := func(name, from string) string {
		b := p.Browser()
		b.Header.Set("X-Forwarded-For", from)
		return b.Get("/.sparekey/recover").Submit("name", name).Want("sent").Submit("method", recovery.OtherDevice).Page()
	}
	for _, name := range []string{p.alice.Name, "ghost"} {
		got := ""
		for i := range 12 {
			got += " " + asks(name, "198.51.100."+string(rune('1'+i/4)))
		}
		if n := strings.Count(got, "device-wait"); n != 9 || strings.Count(got, "slow-down") != 3 {
			t.Errorf("%s: got%s, want three for each of three networks", name, got)
		}
		if first, second := asks(name, "203.0.113.7"), asks(name, "203.0.113.8"); first != "device-wait" || second != "slow-down" {
			t.Errorf("%s: got %q for the tenth and %q for the one after it", name, first, second)
		}
	}
	p.asks("/", "192.0.2.1").Want("device-wait")
}

// What cannot be read has not ended: the pages that wait say so, and go on later.
func TestDV08_AStoreThatIsAwayEndsNoRequest(t *testing.T) {
	t.Parallel()
	p := knownAndNew(t, withFactor)
	key := "device/" + account(t, p.World, "alice").ID
	good, err := p.Driver.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	put := func(from, to []byte) {
		if ok, err := p.Driver.Swap(t.Context(), key, from, to, 0); !ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	page := p.next.URL.RequestURI()
	put(good, []byte("damaged"))
	if p.next.Get(page); p.next.Status != http.StatusServiceUnavailable {
		t.Errorf("got status %d, page %q: %s", p.next.Status, p.next.Page(), p.next.Text())
	}
	put([]byte("damaged"), good)
	p.next.Get(page).Want("device-wait")
	p.proves().Submit("choice", recovery.ChoiceTap)
	if p.types(p.next, "check"); !p.SignedIn(p.next) {
		t.Errorf("it does not go on: %s", p.next.Text())
	}
}
