package web_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// ticket is a link that begins something.
type ticket struct {
	kind  recovery.Kind // of the flow it begins
	leads string        // to this page
	make  func(t *testing.T) (*recoverytest.World, string)
}

func tickets() map[string]ticket {
	settled := func(t *testing.T) *recoverytest.World {
		t.Helper()
		w := recoverytest.New(t)
		w.Setup(recoverytest.Alice())
		return w
	}
	return map[string]ticket{
		"set-up": {recovery.KindSetup, "setup", func(t *testing.T) (*recoverytest.World, string) {
			t.Helper()
			w := recoverytest.New(t)
			code, err := w.Engine.OpenSetup(t.Context())
			return w, must(t, code, err)
		}},
		"invitation": {recovery.KindActivate, "new-password", func(t *testing.T) (*recoverytest.World, string) {
			t.Helper()
			w := settled(t)
			_, token, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "robin"})
			return w, must(t, token, err)
		}},
		"rescue": {recovery.KindRecover, "choice", func(t *testing.T) (*recoverytest.World, string) {
			t.Helper()
			w := settled(t)
			token, err := w.Engine.RescueLink(t.Context(), "alice")
			return w, must(t, token, err)
		}},
		"case": {recovery.KindRecover, "choice", func(t *testing.T) (*recoverytest.World, string) {
			t.Helper()
			o := newAdminWorld(t)
			o.ask("second_factor").Submit("code", recoverytest.TOTP(o.World, o.alice.Key)).Want("person")
			return o.World, recoverytest.Link(t, o.Outbox.Last(t, o.robin.Mail, "admin-case"))
		}},
		"case in person": {recovery.KindRecover, "choice", func(t *testing.T) (*recoverytest.World, string) {
			t.Helper()
			o := newAdminWorld(t, inPersonFor(recovery.GoalSecondFactor, recovery.Password, recovery.AdminInPerson))
			return o.World, o.hand("second_factor")
		}},
	}
}

func must(t *testing.T, token string, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// begins sends a link from a new browser as the page for links does.
func begins(w *recoverytest.World, token string) *recoverytest.Browser {
	w.TB.Helper()
	return w.Browser().Post("/.sparekey/", recoverytest.Fields("code", token))
}

// A link is not spent by a form it does not belong to: whoever pastes it into
// the wrong page, and whoever sends nonsense with it, leaves it as it was.
func TestALinkSentWithTheWrongFormStaysGood(t *testing.T) {
	for name, ticket := range tickets() {
		t.Run(name, func(t *testing.T) {
			w, token := ticket.make(t)
			for _, recipe := range recovery.Recipes() {
				if recipe.Kind == ticket.kind {
					continue
				}
				w.Browser().Post("/.sparekey/", recoverytest.Fields("start", string(recipe.Kind), "code", token))
			}
			if b := begins(w, token); b.Page() != ticket.leads {
				t.Errorf("got page %q after every form it does not belong to: %s", b.Page(), b.Text())
			}
		})
	}
}

// It is not bound either to a browser that never got to know it, because the
// store went away meanwhile.
func TestALinkIsBoundToABrowserThatKnowsIt(t *testing.T) {
	for name, ticket := range tickets() {
		for _, record := range []string{"flow/", "ticket/"} {
			t.Run(name+", no write of "+record, func(t *testing.T) {
				w, token := ticket.make(t)
				var refused atomic.Int64
				node := w.NodeOn(t, &memkv.Faulty{Driver: w.Driver, Before: func(op, key string) error {
					if op == memkv.OpSwap && strings.HasPrefix(key, record) {
						refused.Add(1)
						return errors.New("the store is away")
					}
					return nil
				}})
				if b := begins(node, token); b.Page() == ticket.leads || refused.Load() == 0 {
					t.Fatalf("got page %q and %d writes refused, want a store that is away", b.Page(), refused.Load())
				}
				if b := begins(w, token); b.Page() != ticket.leads {
					t.Errorf("got page %q once the store was back: %s", b.Page(), b.Text())
				}
			})
		}
	}
}

// It still belongs to the first browser alone.
func TestALinkBelongsToTheFirstBrowser(t *testing.T) {
	for name, ticket := range tickets() {
		t.Run(name, func(t *testing.T) {
			w, token := ticket.make(t)
			first := begins(w, token)
			if first.Page() != ticket.leads {
				t.Fatalf("got page %q: %s", first.Page(), first.Text())
			}
			if b := begins(w, token); b.Page() == ticket.leads {
				t.Error("another browser got in too")
			}
			if first.Post("/.sparekey/", recoverytest.Fields("code", token)); first.Page() != ticket.leads {
				t.Errorf("got page %q for its own browser again", first.Page())
			}
		})
	}
}
