//go:build unix

package rediskv_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/kv/rediskv"
)

// answering is a server that gives one answer to every command.
func answering(t *testing.T, answer string) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for b := make([]byte, 4096); ; {
					n, err := conn.Read(b)
					if err != nil {
						return
					}
					commands := max(1, strings.Count(string(b[:n]), "*")) // or what is none
					_, _ = conn.Write([]byte(strings.Repeat(answer+"\r\n", commands)))
				}
			}()
		}
	}()
	return "redis://" + l.Addr().String()
}

// TestAwayIsToldFromRefused: only what may pass by itself is waited for.
func TestAwayIsToldFromRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, url string
		away      bool
	}{
		{"nobody listens", "redis://127.0.0.1:1", true},
		{"no such name", "redis://redis.invalid", true},
		{"loading", answering(t, "-LOADING Redis is loading the dataset in memory"), true},
		{"a script runs", answering(t, "-BUSY Redis is busy running a script"), true},
		{"full", answering(t, "-ERR max number of clients reached"), true},
		{"another password", answering(t, "-WRONGPASS invalid username-password pair or user is disabled."), false},
		{"no password", answering(t, "-NOAUTH Authentication required."), false},
		{"no such database", answering(t, "-ERR DB index is out of range"), false},
		{"no encryption there", strings.Replace(answering(t, "-ERR unknown command"), "redis://", "rediss://", 1), false},
		{"no address", "http://localhost", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := rediskv.Open(t.Context(), rediskv.Options{URL: tt.url})
			if err == nil || errors.Is(err, kv.ErrAway) != tt.away {
				t.Errorf("got %v, away %v, want away %v", err, errors.Is(err, kv.ErrAway), tt.away)
			}
		})
	}
}
