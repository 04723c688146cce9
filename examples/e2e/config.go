package e2e

import (
	"cmp"
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
)

// Config is what differs between the Caddys of the tests.
type Config struct {
	Store  string   // words after "store". Default: file, in the Caddy's own data folder
	Secret string   // default: generated
	Bind   string   // address to listen on. Default: 127.0.0.1
	Port   int      // of the site. Default: a free one
	HTTPS  bool     // with Caddy's own local authority
	Costly bool     // hash passwords as by default; else as cheaply as is allowed
	Extra  []string // further lines of the global sparekey block
	Portal string   // name of the host with the pages. Default: localhost, which has the app too
	Sites  string   // in place of that site, with APP for the address of the app and PORT for the port
	Text   string   // a whole Caddyfile in place of all that
}

const cheap = "hash argon2id t=2 m=19MiB p=1"

func (c Config) scheme() string {
	if c.HTTPS {
		return "https"
	}
	return "http"
}

// url is the origin people see.
func (c Config) url() string {
	return c.scheme() + "://" + cmp.Or(c.Portal, "localhost") + ":" + strconv.Itoa(c.Port)
}

// sites are those of the Caddyfile.
func (c Config) sites(app string, one []string) string {
	if c.Sites == "" {
		return fmt.Sprintf("%s {\n\t%s\n}\n", c.url(), strings.Join(one, "\n\t"))
	}
	return strings.NewReplacer("PORT", strconv.Itoa(c.Port), "APP", app).Replace(c.Sites)
}

func (c Config) addr() string { return net.JoinHostPort(c.Bind, strconv.Itoa(c.Port)) }

// caddyfile writes the configuration down as an operator would.
func (c Config) caddyfile(w *World, admin string) string {
	if c.Text != "" {
		return c.Text
	}
	global := []string{
		"store " + c.Store,
		`name "Holiday photos"`,
		`help "Stuck? Ask Sam, 555 0100."`,
		"notify smtp " + w.Mail.Addr + " {",
		"\tfrom photos@example.org",
		"\tuser " + mailUser,
		"\tpassword " + mailPassword,
		"}",
		"notify sms " + w.SMS.URL + " {",
		"\theader Authorization \"Bearer " + gatewayToken + `"`,
		"\tcountries 33 41",
		"}",
	}
	if c.Portal != "" {
		global = append(global, "portal "+c.url())
	}
	if c.Secret != "" {
		global = append(global, "secret "+c.Secret)
	}
	if !c.Costly {
		global = append(global, cheap)
	}
	global = append(global, c.Extra...)
	site := []string{
		"header {", // for the app: on our pages it would stop their script
		"	Content-Security-Policy \"script-src 'unsafe-inline'; worker-src 'self'\"",
		"	Referrer-Policy unsafe-url",
		"	-Cache-Control",
		"}",
		"sparekey", "reverse_proxy " + w.App.URL + " {",
		"	header_up X-Placeholders \"{http.auth.user.id} {http.auth.user.email} {http.auth.user.groups}\"", "}",
	}
	if c.HTTPS {
		site = append(site, "tls internal")
	}
	return fmt.Sprintf(`{
	admin unix/%s
	persist_config off
	skip_install_trust
	auto_https disable_redirects
	default_bind %s
	sparekey {
		%s
	}
}

%s`, admin, c.Bind, strings.Join(global, "\n\t\t"), c.sites(w.App.URL, site))
}

// freePort finds a port nobody listens on, on the loopback.
func freePort(tb testing.TB) int {
	tb.Helper()
	port, err := kvtest.FreePort()
	if err != nil {
		tb.Fatal(err)
	}
	return port
}
