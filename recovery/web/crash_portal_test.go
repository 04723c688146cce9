package web_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestA41_CrashAfterEachWriteOfAHandOff leaves the browser signed in at the portal,
// and the host one press away; no ticket is good twice.
func TestA41_CrashAfterEachWriteOfAHandOff(t *testing.T) {
	t.Parallel()
	recoverytest.SlowAlone(t)
	for store, open := range stores(t) {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			points := 0
			for _, lost := range []bool{false, true} {
				for at, more := int64(1), true; more && !t.Failed(); at++ {
					t.Run(fmt.Sprintf("write %d, reply lost %v", at, lost), func(t *testing.T) {
						if more = handOffCrashes(t, open(t), &crash{at: at, lost: lost}); more {
							points++
						}
					})
				}
			}
			if points != 4 {
				t.Errorf("got %d crash points, want those of the two writes", points)
			}
		})
	}
}

// handOffCrashes returns false when there were fewer writes than that.
func handOffCrashes(t *testing.T, d kv.Driver, c *crash) bool {
	t.Helper()
	w, alice := withPortal(t, recoverytest.WithDriver(d))
	b := come(w, w.Browser(), alice, photos+"/")
	was := account(t, w, alice.Name)
	c.safe.Store(true)
	node := w.NodeOn(t, c.driver(d))
	other := node.Browser()
	other.Client.Jar = b.Client.Jar
	c.safe.Store(false)
	other.NoFollow().Get(album + "/a")
	step := other.Get(other.Answer.Get("Location")).Answer.Get("Location") // written: the ticket
	enter := ""
	if !c.dead.Load() {
		enter = step
		other.Get(enter) // written: it is used
	}
	if !c.dead.Load() {
		return false
	}
	if other.Status != http.StatusServiceUnavailable || other.Answer.Get("Retry-After") == "" || cookieAt(t, other, album) != nil {
		t.Errorf("the crash: got status %d and cookie %v, want 503 and none", other.Status, cookieAt(t, other, album))
	}
	b.Client.CheckRedirect = nil
	if enter != "" {
		if b.Get(enter); c.lost {
			b.Want("refused")
		}
		if again := w.Browser().NoFollow().Get(enter); again.Status != http.StatusForbidden {
			t.Errorf("the ticket in another browser: got status %d, want 403", again.Status)
		}
	}
	inApp(w, b.Get(album+"/a"), album+"/a")
	now := account(t, w, alice.Name)
	if len(now.Sessions) != 1 || now.Sessions[0].ID != was.Sessions[0].ID || now.Sessions[0].TokenHash != was.Sessions[0].TokenHash {
		t.Errorf("got sessions %+v, want %+v", now.Sessions, was.Sessions)
	}
	return true
}
