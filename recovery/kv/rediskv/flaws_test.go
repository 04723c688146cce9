//go:build unix

package rediskv_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
)

// TestFlawsOfAServerThatAnswers: each is told while it is there, and no longer.
func TestFlawsOfAServerThatAnswers(t *testing.T) {
	t.Parallel()
	server := kvtest.StartRedis(t, "--appendonly", "yes")
	d, err := rediskv.Open(t.Context(), rediskv.Options{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	set := func(name, value string) func() {
		return func() {
			if out, err := server.Do("CONFIG", "SET", name, value); err != nil {
				t.Fatalf("%s: %v %s", name, err, out)
			}
		}
	}
	for _, tt := range []struct {
		name       string
		seed, mend func()
		ahead      time.Duration
		want       string
		bad        bool
	}{
		{"nothing", func() {}, func() {}, 20 * time.Second, "", false},
		{"another clock", func() {}, func() {}, time.Hour, "it differs from the clock of Redis by 1h", true},
		{"one that is behind", func() {}, func() {}, -time.Hour, "it differs from the clock of Redis by -1h", true},
		{"evicts", set("maxmemory-policy", "allkeys-lru"), set("maxmemory-policy", "noeviction"), 0, "may evict accounts", true},
		{"persists nothing", func() { set("appendonly", "no")(); set("save", "")() }, set("appendonly", "yes"), 0, "accounts are gone when it restarts", false},
	} {
		tt.seed()
		got := d.Flaws(t.Context(), time.Now().Add(tt.ahead))
		tt.mend()
		if (len(got) != 0) != (tt.want != "") || len(got) > 1 {
			t.Errorf("%s: got %+v, want %q alone", tt.name, got, tt.want)
			continue
		}
		for _, f := range got {
			if !strings.Contains(f.Text, tt.want) || f.Remedy == "" || f.Bad != tt.bad {
				t.Errorf("%s: got %+v, want %q with a remedy", tt.name, f, tt.want)
			}
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if got := d.Flaws(t.Context(), time.Now()); got != nil {
		t.Errorf("closed: got %+v, want nothing", got)
	}
	var _ kv.Examined = d
}
