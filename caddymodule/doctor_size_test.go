//go:build unix

package caddymodule_test

import (
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// TestDoctorLargeRecords names who has a record that is nearly full.
func TestDoctorLargeRecords(t *testing.T) {
	h := newHost(t)
	var long []recovery.Address
	for range 200 {
		long = append(long, recovery.Address{Channel: recovery.ChannelMail, Value: strings.Repeat("m", 100) + "@example.org"})
	}
	settle(t, h, "sam", long...)
	if c := examine(t, 0, "--config="+h.caddyfile(t)).find(t, "records", "more than 24 KiB: sam"); c.Level != "warning" || !strings.Contains(c.Remedy, "forget browsers") {
		t.Errorf("got %+v, want a warning and what helps", c)
	}
}
