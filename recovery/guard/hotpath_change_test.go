//go:build unix

package guard_test

import (
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// What changes while it is read must not be kept: the read may have come first.
func TestChangeDuringRead(t *testing.T) {
	d, w := tap(t)
	cookie := signedInMany(t, w, 1, 1)[0]
	w.Clock.Move(31 * time.Second)
	d.slow.Store(int64(100 * time.Millisecond))
	var slow sync.WaitGroup
	slow.Go(func() { w.Guard.Check(t.Context(), guard.Question{Cookie: cookie}) })
	time.Sleep(30 * time.Millisecond)
	d.slow.Store(0)
	raise(t, w, cookie)
	denied(t, w.Guard, cookie)
	slow.Wait()
	denied(t, w.Guard, cookie)
}

// raise ends all sessions of the account of a cookie, as a recovery does.
func raise(t *testing.T, w *recoverytest.World, cookie string) {
	t.Helper()
	_, err := kv.Update(t.Context(), w.Engine.Store, "account/"+cookie[:22], time.Time{},
		func(a *recovery.Account, exists bool) error {
			if !exists {
				return recovery.ErrNoAccount
			}
			a.Generation++
			return nil
		})
	if err != nil {
		t.Fatal(err)
	}
}

func denied(t *testing.T, g *guard.Guard, cookie string) {
	t.Helper()
	if d := g.Check(t.Context(), guard.Question{Cookie: cookie}); d.Reason != guard.DeniedAnonymous {
		t.Errorf("got reason %d, want DeniedAnonymous", d.Reason)
	}
}

func TestRaisedGenerationShowsAtOnce(t *testing.T) {
	for _, s := range benchStores() {
		t.Run(s.name, func(t *testing.T) {
			w := recoverytest.New(t, recoverytest.WithDriver(s.open(t)))
			cookies := signedInMany(t, w, 2, 2)
			use(t, w.Guard, cookies, 1000)
			raise(t, w, cookies[0])
			denied(t, w.Guard, cookies[0])
			denied(t, w.Guard, cookies[1])
			allowed(t, w.Guard, cookies[2])
			allowed(t, w.Guard, cookies[3])
		})
	}
}

func TestRaisedGenerationShowsOnOtherNodes(t *testing.T) {
	server := kvtest.StartRedis(t)
	w := recoverytest.New(t, recoverytest.WithDriver(openRedis(t, server)))
	cookies := signedInMany(t, w, 1, hotSessions)
	other := newNode(t, w, openRedis(t, server), w.Clock.Now)
	use(t, other, cookies, 1000)
	before := traffic(server.CommandStats(t))
	use(t, other, cookies, 1000)
	if got := before.to(server.CommandStats(t))["get"]; got != 0 {
		t.Fatalf("the other node is not hot: got %d reads, want 0", got)
	}
	raise(t, w, cookies[0])
	within(t, other, cookies, 2*time.Second)
}

// within keeps sessions in use until they are denied.
func within(t *testing.T, g *guard.Guard, cookies []string, limit time.Duration) {
	t.Helper()
	start := time.Now()
	for _, c := range cookies {
		for g.Check(t.Context(), guard.Question{Cookie: c}).OK() {
			if time.Since(start) > limit {
				t.Fatalf("still allowed after %v", limit)
			}
		}
	}
	t.Logf("denied after %v", time.Since(start).Round(10*time.Microsecond))
}
