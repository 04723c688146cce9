package e2e_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
)

// portalSites is a wildcard site with the portal, an open host and two protected
// ones for different groups, and beside it another domain and another port.
const portalSites = `https://*.example.com:PORT {
	tls internal
	@login host login.example.com
	handle @login {
		sparekey
	}
	@photos host photos.example.com
	handle @photos {
		sparekey {
			allow admins
		}
		reverse_proxy APP
	}
	@album host album.example.com
	handle @album {
		sparekey {
			allow friends
		}
		reverse_proxy APP
	}
	@open host open.example.com
	handle @open {
		reverse_proxy APP
	}
	handle {
		abort
	}
}
https://cats.name.duckdns.org:PORT, https://localhost:OTHER {
	tls internal
	sparekey
	reverse_proxy APP
}
`

// TestBrowserAtAPortal walks one sign-in for several hosts in Chromium, over https,
// on both stores and in both languages.
func TestBrowserAtAPortal(t *testing.T) {
	t.Parallel()
	program := browserTools(t, "chromium-headless-shell")
	for store, lang := range map[string]string{"file": "en", "redis": "fr"} {
		t.Run(store, func(t *testing.T) {
			t.Parallel()
			w := e2e.New(t, caddy)
			other, err := kvtest.FreePort()
			if err != nil {
				t.Fatal(err)
			}
			config := e2e.Config{HTTPS: true, Portal: "login.example.com", Sites: strings.ReplaceAll(portalSites, "OTHER", strconv.Itoa(other))}
			if store == "redis" {
				config.Store = "redis " + durable(t).URL()
			}
			c, alice := w.Run(config), e2e.Alice()
			w.SetUp(c, alice)
			at := func(name string) string { return fmt.Sprintf("https://%s:%d", name, c.Config.Port) }
			scripted(t, "portal.mjs", map[string]any{
				"base": c.URL, "photos": at("photos.example.com"), "album": at("album.example.com"), "plain": at("open.example.com"),
				"cats": at("cats.name.duckdns.org"), "port": fmt.Sprintf("https://localhost:%d", other),
				"lang": lang, "codes": alice.Codes, "password": alice.Password, "returns": "../../recovery/web/testdata/returns.txt",
				"chromium": program, "screenshots": screenshots(t, true),
			})
		})
	}
}
