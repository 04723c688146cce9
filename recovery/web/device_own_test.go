package web_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// twoKnown is a pair, and a second browser that alice has used for days.
func twoKnown(t *testing.T) *pair {
	t.Helper()
	p := knownAndNew(t, withFactor)
	other := enter(t, p.World, p.Browser(), p.alice)
	p.Clock.Move(25 * time.Hour)
	enter(t, p.World, other, p.alice)
	p.Clock.Move(time.Minute)
	return p
}

// asksItself has the known browser ask to be let in, and returns the tab it waits in.
func (p *pair) asksItself() *recoverytest.Browser {
	p.TB.Helper()
	p.known.Post("/.sparekey/logout", recoverytest.Fields())
	tab := *p.known
	tab.Get("/album").Want("sign-in").Submit("name", p.alice.Name, "password", p.alice.Password).Want("factor")
	return tab.Submit("method", recovery.OtherDevice)
}

// A browser lets in others, never itself: not a sign-in that waits in another of its
// tabs, and not a way back.
func TestDV03_NoBrowserLetsItselfIn(t *testing.T) {
	t.Parallel()
	const refusal = "This device asks to be let in itself"
	p := twoKnown(t)
	p.asksItself().Want("device-wait")
	p.Clock.Move(time.Minute)
	if enter(t, p.World, p.known, p.alice).Get(approve); p.known.Has("code") && p.known.Page() == "device-approve" || !strings.Contains(p.known.Text(), refusal) {
		t.Errorf("a sign-in of its own: got page %q, %s", p.known.Page(), p.known.Text())
	}
	tab := *p.known
	tab.Get("/.sparekey/recover").Submit("name", p.alice.Name).Want("sent").Submit("method", recovery.OtherDevice).Want("device-wait")
	if p.finds(tab.Find("find")); p.known.Page() == "factor" || !strings.Contains(p.known.Text(), refusal) {
		t.Errorf("a way back of its own: got page %q, %s", p.known.Page(), p.known.Text())
	}
}

// However much strangers ask, a browser that the account knows has requests of its own.
func TestDV06_StrangersUseUpNoRequestOfAKnownBrowser(t *testing.T) {
	t.Parallel()
	p := twoKnown(t)
	asked := 0
	for i := range 12 {
		p.Clock.Move(2*time.Minute + time.Second)
		if p.asks("/", fmt.Sprintf("198.51.%d.1", i)).Page() == "device-wait" {
			asked++
		}
	}
	if asked != 10 {
		t.Errorf("got %d requests of strangers, want 10: as many as there are an hour", asked)
	}
	p.Clock.Move(2*time.Minute + time.Second)
	p.asksItself().Want("device-wait")
}
