//go:build unix

package caddymodule_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// scraped is what Caddy's endpoint of metrics says of us, by name and labels.
func scraped(t *testing.T, socket string) map[string]float64 {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	if err != nil || res.Body.Close() != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%v, %d %s", err, res.StatusCode, text)
	}
	out := map[string]float64{}
	for _, m := range regexp.MustCompile(`(?m)^(sparekey_\S*(?:\{[^}]*\})?) (\S+)$`).FindAllStringSubmatch(string(text), -1) {
		if out[m[1]], err = strconv.ParseFloat(m[2], 64); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestMetricsOfARunningCaddy: they are on Caddy's own endpoint, go on over a reload,
// and hold nothing of people or of what clients say.
func TestMetricsOfARunningCaddy(t *testing.T) {
	h := newHost(t)
	session := h.seed(t)
	socket := filepath.Join(h.folder, "admin.sock")
	h.admin = "unix/" + socket
	h.more = cheapHash + "\nnotify file " + filepath.Join(h.folder, "out")
	config := "--config=" + h.caddyfile(t)
	h.start(t)
	before := scraped(t, socket)
	if before["sparekey_store_open"] != 1 || before[`sparekey_messages_waiting{channel="mail"}`] != 0 {
		t.Errorf("got %v, want the gauges of an open store", before)
	}
	steps := []struct {
		name, series string
		do           func()
	}{
		{"a wrong sign-in", `sparekey_sign_ins_total{method="password",result="wrong"}`, func() { h.signIn(t, "alice") }},
		{"one of nobody, after a reload", `sparekey_sign_ins_total{method="password",result="wrong"}`, func() {
			h.more += "\nname Photos"
			h.start(t)
			h.signIn(t, "canary")
		}},
		{"a session", "sparekey_sessions_used", func() { h.signedIn(t, session); h.signedIn(t, session) }},
		{"a message", `sparekey_messages_total{channel="mail",result="sent"}`, func() {
			sparekey(t, "doctor", "--send-test", config).want(t, 0, "")
		}},
		{"an event", `sparekey_events_total{event="invited"}`, func() { sparekey(t, "user", "add", "robin", config).want(t, 0, "") }},
	}
	for _, s := range steps {
		t.Run(s.name, func(t *testing.T) {
			was := scraped(t, socket)
			s.do()
			if now := scraped(t, socket); now[s.series] != was[s.series]+1 || now[`sparekey_store_duration_seconds_count{operation="get"}`] <= was[`sparekey_store_duration_seconds_count{operation="get"}`] {
				t.Errorf("%s: got %v, want one more than %v, and more reads of the store", s.series, now[s.series], was[s.series])
			}
		})
	}
	for series := range scraped(t, socket) {
		for _, s := range []string{"alice", "canary", "robin", "127.0.0.1", "localhost"} {
			if strings.Contains(series, s) {
				t.Errorf("got %s, want nothing of people or addresses", series)
			}
		}
	}
}
