package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestSE03_WhatAHostAsksIsShownAtThePortal: a fresh proof is asked for there and
// leads back; what was copied before it is no fresher for it.
func TestSE03_WhatAHostAsksIsShownAtThePortal(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t, func(w *recoverytest.World) { w.Rules.Fresh = 10 * time.Minute })
	b := come(w, w.Browser(), alice, photos+"/")
	before := cookieAt(t, b, photos)
	w.Clock.Move(11 * time.Minute)
	if got := inBackground(t, b, photos+"/a", before); got != http.StatusUnauthorized {
		t.Errorf("in the background: got status %d, want 401", got)
	}
	b.Get(photos + "/a?b=c").Want("forbidden")
	if got := "https://" + b.URL.Host; got != portal {
		t.Fatalf("got status %d at %s, want the page of the portal", b.Status, got)
	}
	b.Post(portal+"/.sparekey/", recoverytest.Fields("start", "step_up", "return", photos+"/a?b=c")).Want("factor").Submit("code", secondCode(w, alice))
	inApp(w, b, photos+"/a?b=c")
	if got := inBackground(t, b, photos+"/a", cookieAt(t, b, photos)); got != http.StatusOK {
		t.Errorf("afterwards: got status %d, want 200", got)
	}
	if got := inBackground(t, b, photos+"/a", before); got != http.StatusUnauthorized {
		t.Errorf("with the cookie of before: got status %d, want 401", got)
	}
	b.Get(portal + "/.sparekey/prove?why=factor&return=https://evil.example/").Want("forbidden")
	if strings.Contains(b.Body, "evil.example") {
		t.Error("the page leads elsewhere")
	}
}

// TestAHostThatIsNotSharedIsNamed: others of the same name may be.
func TestAHostThatIsNotSharedIsNamed(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := come(w, w.Browser(), alice, photos+"/")
	inApp(w, b.Get(album+"/"), album+"/")
	w.Rules.Allow = []string{"friends"}
	if b.Get(album + "/").Want("forbidden"); !strings.Contains(b.Text(), "album.name.duckdns.org is not shared with you") {
		t.Errorf("got %s, want the host named", b.Text())
	}
}

// TestSE03_AWaitIsShownAtThePortal before the next page of any host, and leads
// back to it.
func TestSE03_AWaitIsShownAtThePortal(t *testing.T) {
	t.Parallel()
	w, alice := withPortal(t)
	b := come(w, w.Browser(), alice, photos+"/")
	waits()[0].beginWait(w, alice)
	b.Get(photos + "/a").Want("waits")
	if got := "https://" + b.URL.Host; got != portal {
		t.Fatalf("got it at %s, want the portal", got)
	}
	b.Submit("choice", "own_wait")
	inApp(w, b, photos+"/a")
}

// TestSE03_OneFactorOpensHostsInThatNetworkOnly: a sign-in of one factor is handed
// over, and asked for the second one on the first page from elsewhere.
func TestSE03_OneFactorOpensHostsInThatNetworkOnly(t *testing.T) {
	t.Parallel()
	h := newHome(t, recoverytest.WithPortal(portal, photos, album))
	h.move(atHome)
	b := h.Browser()
	b.Get(photos+"/a").Want("sign-in").Submit("name", h.alice.Name, "password", h.alice.Password)
	inApp(h.World, b, photos+"/a")
	inApp(h.World, b.Get(album+"/b"), album+"/b")
	h.move(elsewhere)
	if got := inBackground(t, b, album+"/b", cookieAt(t, b, album)); got != http.StatusUnauthorized {
		t.Errorf("from elsewhere: got status %d, want 401", got)
	}
	b.Get(album+"/b").Want("forbidden").Post(portal+"/.sparekey/", recoverytest.Fields("start", "step_up", "return", album+"/b")).Want("factor")
	b.Submit("code", secondCode(h.World, h.alice))
	inApp(h.World, b, album+"/b")
}
