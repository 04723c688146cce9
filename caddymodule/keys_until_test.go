//go:build unix

package caddymodule_test

import (
	"strings"
	"testing"
	"time"
)

// TestKY01_AnOldSecretEndsWithItsDay: doctor tells whether it is needed until then, and
// a start whether it was needed longer.
func TestKY01_AnOldSecretEndsWithItsDay(t *testing.T) {
	h := newHost(t)
	session := h.seed(t)
	first, second := h.secret, strings.Repeat("fedcba9876543210", 4)
	day := func(n int) string { return " until " + time.Now().UTC().AddDate(0, 0, n).Format(time.DateOnly) }
	step := func(secret, refused, doctor string) {
		t.Helper()
		before := h.secret
		h.secret = secret
		err := h.load(t)
		if (err != nil) != (refused != "") || err != nil && !strings.Contains(err.Error(), refused) {
			t.Fatalf("got %v, want it refused with %q", err, refused)
		}
		if err != nil {
			h.secret = before
			return
		}
		if !h.signedIn(t, session) {
			t.Fatal("signed out")
		}
		if r := sparekey(t, "doctor", "--config="+h.caddyfile(t)); !strings.Contains(r.out, doctor) {
			t.Errorf("got %s, want %q", r.out, doctor)
		}
	}
	h.start(t)
	step(first+" "+second, "", "running")
	step(second+" "+first+day(7), "", "and records may still be sealed with it")
	step(second+" "+first+day(-1), "secret 2 ended with", "")
	h.rekey(t)
	step(second+" "+first+day(8), "", "no record, link or code needs it longer")
	step(second+" "+first+day(-1), "", "take it away")
}
