package caddymodule

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Each event is logged at its level, with the fields that EVENTS.md promises.
func TestEventsAreLoggedAsListed(t *testing.T) {
	for _, info := range recovery.Events() {
		var text bytes.Buffer
		a := &App{logger: slog.New(slog.NewJSONHandler(&text, nil))}
		a.audit(recovery.Event{
			Name: info.Name, Account: "1", Person: "ana", ActorID: "2", Actor: "ben", Method: "totp", Network: "192.0.2.7", Flow: "f", Detail: "d", Count: 3,
		})
		var line map[string]any
		if err := json.Unmarshal(text.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		message := map[recovery.Level]string{recovery.LevelInfo: "audit", recovery.LevelWarn: "audit", recovery.LevelError: "alarm"}[info.Level]
		if info.Name == recovery.EventLoginFailed {
			message = "failed login"
		}
		if got := line["level"]; got != strings.ToUpper(string(info.Level)) || line["msg"] != message {
			t.Errorf("%s: got %v %q, want %s %q", info.Name, got, line["msg"], info.Level, message)
		}
		for _, f := range append(info.Fields, "event") {
			if line[f] == nil || line[f] == "" {
				t.Errorf("%s: got no %s in %s", info.Name, f, text.String())
			}
		}
	}
}
