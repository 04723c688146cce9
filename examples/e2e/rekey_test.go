package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// nextSecret takes the place of secret.
const nextSecret = "8c6f2b1d4e7a90352c1f8e6d5b4a39078f1e2d3c4b5a69788796a5b4c3d2e1f0"

// changeOfKey goes by README: behind on every node, in front on every node, rekey,
// away on every node. All the time somebody signed in clicks on both, and nobody is
// turned away; what one Caddy begins, the other finishes, whichever has which key.
func changeOfKey(t *testing.T, w *e2e.World, one, two *e2e.Caddy, alice *e2e.Person) {
	t.Helper()
	here := one.Browser()
	alice.SignInWithCode(here, 0)
	there := sameBrowserAt(t, here, two)
	over := clickOn(t, map[*e2e.Caddy]*recoverytest.Browser{one: here, two: there})
	for _, step := range []string{secret + " " + nextSecret, nextSecret + " " + secret} {
		for _, c := range []*e2e.Caddy{one, two} {
			turn(c, step)
			from, to := one, two
			if c == two {
				from, to = two, one
			}
			b := from.Browser()
			b.Get("/.sparekey/recover").Want("recover").Submit("name", alice.Name).Want("sent")
			sameBrowserAt(t, b, to).Get(b.URL.RequestURI()).Want("sent")
		}
	}
	asked := one.Browser()
	asked.Get("/.sparekey/recover").Want("recover").Submit("name", alice.Mail).Want("sent")
	rekey(t, one)
	for _, c := range []*e2e.Caddy{one, two} {
		turn(c, nextSecret)
	}
	over()
	one.Restart()
	two.Restart()
	for c, b := range map[*e2e.Caddy]*recoverytest.Browser{one: here, two: there} {
		b.Client.CloseIdleConnections()
		if !w.SignedIn(b) {
			t.Errorf("signed out at %s after a start with the new key alone", c.Config.Bind)
		}
	}
	alice.SignIn(two.Browser(), "/with-the-new-key")
}

// turn reloads a Caddy with other keys.
func turn(c *e2e.Caddy, secret string) {
	config := c.Config
	config.Secret = secret
	c.Write(config)
	c.Reload()
}

// rekey runs it, again while a configuration of before has not ended yet, and wants
// the codes of alice to be named.
func rekey(t *testing.T, c *e2e.Caddy) {
	t.Helper()
	var out []byte
	var err error
	for end := time.Now().Add(15 * time.Second); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		if out, err = c.Command(t.Context(), "sparekey", "rekey", "--json", "--config", c.File()).Output(); err == nil {
			break
		}
	}
	var said struct {
		Sealed, Damaged int
		Codes           []string  `json:"codes_under_an_older_key"`
		MayGo           time.Time `json:"old_key_may_go"`
	}
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatalf("rekey: %v in %q", err, out)
	}
	if err != nil || said.Sealed == 0 || said.Damaged != 0 || !slices.Equal(said.Codes, []string{"alice"}) || said.MayGo.IsZero() {
		t.Fatalf("rekey: got %+v (%v), want records sealed, the codes of alice, and a time", said, err)
	}
}

// clickOn visits the app on each Caddy until the function it returns is called.
func clickOn(t *testing.T, browsers map[*e2e.Caddy]*recoverytest.Browser) (over func()) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var traffic sync.WaitGroup
	for c, b := range browsers {
		client := &http.Client{Jar: b.Client.Jar, Transport: b.Client.Transport}
		traffic.Go(func() {
			for n := 0; ctx.Err() == nil; n++ {
				if err := visit(ctx, client, fmt.Sprintf("%s/%d", c.URL, n)); err != nil && ctx.Err() == nil {
					t.Errorf("at %s, request %d: %v", c.Config.Bind, n, err)
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	return func() {
		stop()
		traffic.Wait()
	}
}
