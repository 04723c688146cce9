//go:build unix

package caddymodule_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
)

// TestWhatIsOpenIsSaid by the log at a start, by doctor and by explain: one line
// for each site, and a warning where the options are there and nothing is
// protected.
func TestWhatIsOpenIsSaid(t *testing.T) {
	h := newHost(t)
	for _, tc := range []struct {
		name, sites, log, level, text, explain string
	}{
		{
			"some of two sites", `http://photos.localhost:%[1]d {
				sparekey /admin/*
				respond "app"
			}
			http://files.localhost:%[1]d {
				respond "files"
			}`,
			`"site":"photos.localhost","what":"everything except /admin/*"`, "ok", "photos.localhost, without a login: everything except /admin/*",
			"  photos.localhost: everything except /admin/*\n  without sparekey, open to everybody: files.localhost\n",
		},
		{
			"nothing is protected", `http://photos.localhost:%[1]d {
				respond "app"
			}`,
			"no site has sparekey: everything is open to everybody", "warning", "no site has sparekey",
			"  without sparekey, open to everybody: photos.localhost\n",
		},
		{
			"pages alone", `http://photos.localhost:%[1]d {
				sparekey pages
				respond "app"
			}`,
			"no site has sparekey: everything is open to everybody", "warning", "no site has sparekey",
			"  without sparekey, open to everybody: photos.localhost\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path, log := filepath.Join(h.folder, "Caddyfile"), filepath.Join(h.folder, "log-"+strings.ReplaceAll(tc.name, " ", "-"))
			text := fmt.Sprintf("{\n\tadmin off\n\tpersist_config off\n\tlog {\n\t\toutput file %s\n\t}\n\tsparekey {\n\t\tstore %s\n\t}\n}\n", log, h.store) +
				fmt.Sprintf(tc.sites, h.port) + "\n"
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			body, _, err := caddyconfig.GetAdapter("caddyfile").Adapt([]byte(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := load(body); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = caddy.Stop() })
			if said, err := os.ReadFile(log); err != nil || !strings.Contains(string(said), tc.log) {
				t.Errorf("got log %s (%v), want %s", said, err, tc.log)
			}
			if c := examine(t, 0, "--config", path).find(t, "open", tc.text); c.Level != tc.level {
				t.Errorf("got %+v, want %s", c, tc.level)
			}
			got := sparekey(t, "explain", "--config", path).want(t, 0, "").out
			if _, open, _ := strings.Cut(got, "\nOpen without a login\n"); open != tc.explain {
				t.Errorf("got %q, want %q", open, tc.explain)
			}
		})
	}
}
