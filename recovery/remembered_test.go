package recovery_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// skipping is the cookie of a remembered browser.
const skipping = "known.skip"

// remembered is the row of that browser.
func remembered(until time.Time) *recovery.Device {
	return &recovery.Device{ID: "d", TokenHash: secret.Sum("known"), Remembered: until, Skip: secret.Sum("skip")}
}

// What is in a cookie that nobody has made finds no browser and skips nothing.
func TestMF15_DeviceCookiesOfOthers(t *testing.T) {
	t.Parallel()
	d, p := remembered(noon.Add(time.Hour)), recovery.Default()
	a := &recovery.Account{Devices: []recovery.Device{*d}}
	for cookie, want := range map[string]struct{ known, skips, copied bool }{
		skipping:                             {true, true, false},
		"other.x~" + skipping:                {true, true, false},
		"known":                              {true, false, false},
		"known.":                             {true, false, false},
		"known.old":                          {true, false, true},
		"known.skip.skip":                    {true, false, true},
		"other.skip":                         {},
		"":                                   {},
		"~.~..":                              {},
		".skip":                              {},
		strings.Repeat("a~", 6) + skipping:   {},                  // the seventh
		"known." + strings.Repeat("x", 4096): {},                  // no token of ours
		strings.Repeat("~", 4096) + skipping: {true, true, false}, // empty ones are none
	} {
		if got := a.Device(cookie) != nil; got != want.known {
			t.Errorf("%.40q: known %v, want %v", cookie, got, want.known)
		}
		if got := d.Skips(cookie, noon, p); got != want.skips {
			t.Errorf("%.40q: skips the factor %v, want %v", cookie, got, want.skips)
		}
		if got := d.Copied(cookie, noon, p); got != want.copied {
			t.Errorf("%.40q: taken for a copy %v, want %v", cookie, got, want.copied)
		}
	}
	var none *recovery.Device
	if none.Skips(skipping, noon, p) || none.Copied(skipping, noon, p) || d.Skips(skipping, noon.Add(time.Hour), p) {
		t.Error("a browser that is not known, or not remembered any more, skips the factor")
	}
}
