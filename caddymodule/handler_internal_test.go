package caddymodule

import (
	"fmt"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// TestWhatAGateHandsOnIsShownByNoPlaceholder, nor by what prints a variable.
func TestWhatAGateHandsOnIsShownByNoPlaceholder(t *testing.T) {
	value := &passed{guard.Decision{Reason: guard.Allowed, Identity: &guard.Identity{User: "alice"}}}
	repl := caddy.NewEmptyReplacer()
	repl.Set("http.vars."+passedKey, value)
	if got := repl.ReplaceAll("{http.vars."+passedKey+"}", "") + fmt.Sprintf("%v%+v%s", value, value, value); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}
