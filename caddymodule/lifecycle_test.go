package caddymodule_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/caddymodule"
)

// Cleanup is called after a failed Provision, and sometimes twice; it gives
// back only what this instance took.
func TestCleanupIsHarmless(t *testing.T) {
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	for _, tc := range []struct {
		name, config string
		ok           bool
	}{
		{"nothing", `{}`, true},
		{"a store there is not", `{"store":{"store":"sqlite"}}`, false},
		{"a goal there is not", `{"recover":{"world_peace":[]}}`, false},
		{"a lifetime there is not", `{"lifetimes":{"coffee":1000000000}}`, false},
		{"too long a lifetime", `{"lifetimes":{"sms_code":86400000000000}}`, false},
		{"an empty secret from the environment", `{"store":{"store":"redis","url":"{env.SPAREKEY_NOT_SET}"}}`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			app := new(caddymodule.App)
			if err := json.Unmarshal([]byte(tc.config), app); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
			defer cancel()
			err := app.Provision(ctx)
			if err == nil {
				err = app.Validate()
			}
			if (err == nil) != tc.ok {
				t.Errorf("got %v, want no error: %v", err, tc.ok)
			}
			for range 2 {
				if err := app.Cleanup(); err != nil {
					t.Errorf("cleanup: %v", err)
				}
			}
			if err := app.Start(); err == nil {
				t.Error("it starts after it was cleaned up")
			}
		})
	}
	if files, err := filepath.Glob(filepath.Join(os.Getenv("XDG_DATA_HOME"), "*", "*")); err != nil || len(files) > 0 {
		t.Errorf("validating made %q, %v, want nothing", files, err)
	}
}
