package web_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// unhurried lifts what slows one address down, so that a flood from one shows.
func unhurried(p *recovery.Policy) {
	p.Limits.Failures.Count, p.Limits.Consecutive, p.Limits.Names.Count = 1e6, 1e6, 1e6
}

// stored counts the records of a kind and their bytes, names included.
func stored(t *testing.T, w *recoverytest.World, kind string) (records, bytes int) {
	t.Helper()
	keys, err := w.Driver.Keys(t.Context(), kind+"/")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		value, err := w.Driver.Get(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		records, bytes = records+1, bytes+len(key)+len(value)
	}
	return records, bytes
}

// TestTH05_AFloodOverHTTPIsBounded looks into the store of the Caddy that was
// flooded: counters of names that nobody has take up no more than was stated, and
// the table of their rows has a fixed size.
func TestTH05_AFloodOverHTTPIsBounded(t *testing.T) {
	t.Parallel()
	const names, bound = 400, 100 * 256
	w := recoverytest.New(t, recoverytest.WithPolicy(unhurried), recoverytest.WithPolicy(func(p *recovery.Policy) { p.Limits.Strangers = bound }))
	w.Setup(recoverytest.Alice())
	b := w.Browser()
	for i := range names {
		b.Get("/.sparekey/login").Submit("name", fmt.Sprintf("u%06d", i), "password", "wrong horse staple")
	}
	if n, bytes := stored(t, w, "meter"); n == 0 || n > names/2 || bytes > bound {
		t.Errorf("%d names left %d counters of %d bytes, want some, and at most %d bytes", names, n, bytes, bound)
	}
	if n, bytes := stored(t, w, "strangers"); n == 0 || n > 1024 || bytes > n<<10 {
		t.Errorf("got %d records of the table, %d bytes, want at most 1024 of a kilobyte", n, bytes)
	}
}

// TestEN02_OverHTTPAWrongPasswordTellsNoCost: with accounts of three costs in the
// store, no wrong password is answered sooner or later than one of nobody. The
// limits are wide, for what the network adds: a hash too many or too few is far
// beyond them.
func TestEN02_OverHTTPAWrongPasswordTellsNoCost(t *testing.T) {
	recoverytest.SlowAlone(t)
	w, people := mixedCosts(t)
	names := []string{"ghost"}
	for _, p := range people {
		names = append(names, p.Name)
	}
	b := w.Browser()
	var worst []string
	for range 4 { // a busy machine may spoil one run
		took := make([][]time.Duration, len(names))
		for range 60 {
			for i, name := range names {
				b.Get("/.sparekey/login")
				fields := b.Hidden("")
				fields.Set("name", name)
				fields.Set("password", "wrong horse staple")
				begin := time.Now()
				b.Post("/.sparekey/", fields)
				took[i] = append(took[i], time.Since(begin))
				if b.Status == http.StatusTooManyRequests || !strings.Contains(b.Text(), "password") {
					t.Fatalf("%s: got status %d, page %s", name, b.Status, b.Page())
				}
			}
		}
		worst = nil
		for i, name := range names[1:] {
			if got := auc(took[i+1][10:], took[0][10:]); got < 0.3 || got > 0.7 {
				worst = append(worst, fmt.Sprintf("%s %.2f", name, got))
			}
		}
		if len(worst) == 0 {
			return
		}
	}
	t.Errorf("time tells these from nobody: %v", worst)
}
