package caddymodule

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestWhoHasNoWayIsLogged when the configuration is loaded, with the line to add.
func TestWhoHasNoWayIsLogged(t *testing.T) {
	recoverytest.Alone(t)
	t.Parallel()
	var log strings.Builder
	way := recovery.Way{Proofs: []string{recovery.MailLink, recovery.Factor}, Line: "Caddyfile:7"}
	a := &App{
		logger:  slog.New(slog.NewTextHandler(&log, nil)),
		senders: []Notifier{new(FileNotifier)},
		Recover: map[recovery.Goal][]recovery.Way{recovery.GoalPassword: {way}},
	}
	var err error
	if a.policy, err = a.buildPolicy(); err != nil {
		t.Fatal(err)
	}
	if err := a.judge(); err != nil {
		t.Fatalf("got %v, want it to load", err)
	}
	want := "accounts without a second factor: they have only the ways of recover both; write below Caddyfile:7: way mail_link without_factor"
	if !strings.Contains(log.String(), "level=WARN") || !strings.Contains(log.String(), want) {
		t.Errorf("got %q, want a warning with %q", log.String(), want)
	}
}
