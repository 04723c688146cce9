//go:build unix

package rediskv_test

import (
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
)

func lineage(t *testing.T, d *rediskv.Driver) string {
	t.Helper()
	name, err := d.Lineage(t.Context(), "ticket")
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// waitCopied asks the replica itself: WAIT counts for the connection that wrote,
// and here it is another one.
func waitCopied(t *testing.T, replica *kvtest.Redis, key, want string) {
	t.Helper()
	d := open(t, rediskv.Options{URL: replica.URL(), Timeout: 5 * time.Second})
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if value, err := d.Get(t.Context(), key); err == nil && string(value) == want {
			return
		}
	}
	t.Fatalf("%q has not come to the replica", want)
}

func wantRemoved(t *testing.T, d *rediskv.Driver, value, lineage string, want bool) {
	t.Helper()
	if got, err := d.Remove(t.Context(), "ticket", []byte(value), lineage); err != nil || got != want {
		t.Errorf("Remove(%q) of lineage %q: got %v, %v, want %v", value, lineage, got, err, want)
	}
}

// TestARecordIsRemovedWhereItWasPut: not after another server has taken over,
// which has it still, nor after a restart.
func TestARecordIsRemovedWhereItWasPut(t *testing.T) {
	t.Parallel()
	first, second := kvtest.StartRedis(t, "--appendonly", "yes", "--repl-diskless-sync-delay", "0"), kvtest.StartRedis(t)
	d := open(t, rediskv.Options{URL: first.URL(), Timeout: 5 * time.Second})
	host, port, _ := strings.Cut(first.Addr(), ":")
	do(t, second, "REPLICAOF", host, port)
	put(t, d, "ticket", "a")
	for end := time.Now().Add(10 * time.Second); do(t, first, "WAIT", "1", "100") == "0" && time.Now().Before(end); {
	}
	before := lineage(t, d) // it changes with the first replica, too
	if before == "" {
		t.Fatal("the server has no name for its history")
	}
	wantRemoved(t, d, "b", before, false)
	wantRemoved(t, d, "a", "", false)
	wantRemoved(t, d, "a", before, true)
	wantRemoved(t, d, "a", before, false)

	put(t, d, "ticket", "c")
	waitCopied(t, second, "ticket", "c")
	do(t, second, "REPLICAOF", "NO", "ONE")
	other := open(t, rediskv.Options{URL: second.URL(), Timeout: 5 * time.Second})
	if value, err := other.Get(t.Context(), "ticket"); err != nil || string(value) != "c" {
		t.Fatalf("got %q, %v on the server that took over, want the record", value, err)
	}
	wantRemoved(t, other, "c", before, false)

	first.Stop()
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	kvtest.WaitLive(t, d, true, 10*time.Second)
	if lineage(t, d) == before {
		t.Error("after a restart the history has the same name")
	}
	wantRemoved(t, d, "c", before, false)
}

// TestALineageNeedsNoRight: where INFO is forbidden there is none, and records are
// removed all the same.
func TestALineageNeedsNoRight(t *testing.T) {
	t.Parallel()
	server := kvtest.StartRedis(t)
	do(t, server, "ACL", "SETUSER", "bare", "on", ">s3cret", "~*", "&*", "+@all", "-info")
	d := open(t, rediskv.Options{URL: as(server, "bare:s3cret"), Timeout: 5 * time.Second})
	put(t, d, "ticket", "a")
	if got := lineage(t, d); got != "" {
		t.Errorf("got lineage %q, want none", got)
	}
	wantRemoved(t, d, "a", "", true)
}
