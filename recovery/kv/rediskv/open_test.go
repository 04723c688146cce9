//go:build unix

package rediskv_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
)

// opening is an address to open, and what comes of it.
type opening struct {
	name    string
	url     string
	want    error  // nil: some error if wantErr is set
	wantErr string // part of its text
	wantLog string
}

func openings(t *testing.T) []opening {
	t.Helper()
	server := kvtest.StartRedis(t)
	evicting := kvtest.StartRedis(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")
	persisting := kvtest.StartRedis(t, "--appendonly", "yes")
	locked := kvtest.StartRedis(t, "--user", "default", "off",
		"--user", "sparekey", "on", ">s3cret", "~sparekey:*", "&sparekey:*", "+@all", "-config", "-info",
		"--user", "nopublish", "on", ">s3cret", "~*", "+@all")
	least := kvtest.StartRedis(t, "--user", "default", "off", "--user", "sparekey", "on", ">s3cret", "~sparekey:*", "&sparekey:*",
		"+@read", "+@write", "+@scripting", "+@pubsub", "+@connection", "-@dangerous", "-@admin", "+config|get", "+info")
	hosted := kvtest.StartRedis(t, "--maxmemory-policy", "volatile-ttl", "--user", "default", "on", "nopass", "~*", "&*", "+@all",
		"--user", "sparekey", "on", ">s3cret", "~*", "&*", "+@all", "-config")
	cluster := kvtest.StartRedis(t, "--cluster-enabled", "yes")
	stopped := kvtest.StartRedis(t)
	stopped.Stop()

	return []opening{
		{name: "nothing persisted", url: server.URL(), wantLog: "persists nothing"},
		{name: "persisted", url: persisting.URL()},
		{name: "least rights", url: as(least, "sparekey:s3cret"), wantLog: "persists nothing"},
		{name: "evicting", url: evicting.URL(), want: rediskv.ErrEvicts, wantErr: "allkeys-lru"},
		{name: "evicting, told by INFO", url: as(hosted, "sparekey:s3cret"), want: rediskv.ErrEvicts, wantErr: "volatile-ttl"},
		{name: "may not look", url: as(locked, "sparekey:s3cret"), wantLog: "make sure that it is noeviction"},
		{name: "may not publish", url: as(locked, "nopublish:s3cret"), wantErr: "+@pubsub"},
		{name: "wrong password", url: as(locked, "sparekey:s3cret2"), wantErr: "WRONGPASS"},
		{name: "one of a cluster", url: cluster.URL(), want: rediskv.ErrMode, wantErr: "cluster"},
		{name: "not running", url: stopped.URL(), wantErr: "does not answer"},
		{name: "no URL", url: "", want: rediskv.ErrURL},
		{name: "other scheme", url: "http://u:s3cret@h", want: rediskv.ErrURL},
		{name: "a socket", url: "unix://u:s3cret@/tmp/redis.sock", want: rediskv.ErrURL},
		{name: "slash in the password", url: "redis://u:s3cret/@h", want: rediskv.ErrURL},
		{name: "question mark in the password", url: "redis://h:1?s3cret@h", want: rediskv.ErrURL},
		{name: "colon in the password", url: "redis://:s3cret:s3cret:x@h:s3cret", want: rediskv.ErrURL},
		{name: "no such database", url: server.URL() + "s3cret", want: rediskv.ErrURL},
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for _, tt := range openings(t) {
		t.Run(tt.name, func(t *testing.T) {
			var log lockedBuffer
			d, err := rediskv.Open(t.Context(), rediskv.Options{URL: tt.url, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err == nil {
				put(t, d, "k", "1")
				kvtest.WaitLive(t, d, true, 3*time.Second)
				if _, err := d.Keys(t.Context(), ""); err != nil {
					t.Errorf("Keys: %v", err)
				}
				if err := d.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			}
			checkOpen(t, err, tt.want, tt.wantErr)
			if tt.wantLog == "" && strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), tt.wantLog) {
				t.Errorf("log: got %q, want %q", log.String(), tt.wantLog)
			}
			if strings.Contains(fmt.Sprint(log.String(), err), "s3cret") {
				t.Errorf("the password is told: %v, log %q", err, log.String())
			}
		})
	}
}

func checkOpen(t *testing.T, err, want error, wantText string) {
	t.Helper()
	switch {
	case want == nil && wantText == "":
		if err != nil {
			t.Errorf("got %v, want no error", err)
		}
	case err == nil:
		t.Errorf("got no error, want %v %s", want, wantText)
	case want != nil && !errors.Is(err, want), !strings.Contains(err.Error(), wantText):
		t.Errorf("got %v, want %v with %q", err, want, wantText)
	}
}

// as returns the address with user and password.
func as(server *kvtest.Redis, user string) string {
	return "redis://" + user + "@" + server.Addr()
}

// lockedBuffer is a log that several goroutines write to.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
