package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-sparekey/sparekey/caddymodule/routes"
)

// caddyConfig is what a command reads of a configuration. It loads no module
// but the store: others may want files and secrets that are not for this user.
type caddyConfig struct {
	Apps struct {
		Sparekey json.RawMessage `json:"sparekey"`
		HTTP     struct {
			Servers map[string]jsonServer `json:"servers"`
		} `json:"http"`
	} `json:"apps"`
}

type jsonServer struct {
	Listen      []string                    `json:"listen"`
	Routes      caddyhttp.RouteList         `json:"routes"`
	NamedRoutes map[string]*caddyhttp.Route `json:"named_routes"`
	Errors      *caddyhttp.HTTPErrorConfig  `json:"errors"`
	Proxies     json.RawMessage             `json:"trusted_proxies"`
	ProxiesUnix bool                        `json:"trusted_proxies_unix"`
	HTTPS       struct {
		Disable bool     `json:"disable"`
		Skip    []string `json:"skip"`
	} `json:"automatic_https"`
}

func (s *jsonServer) server() *caddyhttp.Server {
	return &caddyhttp.Server{Routes: s.Routes, NamedRoutes: s.NamedRoutes, Errors: s.Errors}
}

// gates lists our handlers.
func (s *jsonServer) gates() []routes.Found { return routes.Gates(s.server()) }

// readApp reads the app of a configuration, and the origin of its first site.
func readApp(path, adapter string) (app *App, origin string, err error) {
	body, err := adapted(path, adapter)
	if err != nil {
		return nil, "", err
	}
	var config caddyConfig
	if err := json.Unmarshal(body, &config); err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	app = &App{rules: config.rules()}
	raw, used := config.Apps.Sparekey, false
	if raw != nil {
		if err := caddy.StrictUnmarshalJSON(raw, app); err != nil {
			return nil, "", fmt.Errorf("%s: %w", path, err)
		}
	}
	if app.sites, used = config.sites(app.InsecureHTTP); !used && raw == nil {
		return nil, "", fmt.Errorf("%s does not use sparekey", path)
	}
	_ = app.texts() // as far as this shell knows their placeholders
	app.sites.prefer(app.URL)
	return app, app.sites.first(), nil
}

// readConfig finds the store of a configuration.
func readConfig(path, adapter string) (*place, error) {
	app, origin, err := readApp(path, adapter)
	if err != nil {
		return nil, err
	}
	p, err := app.configured()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	p.origin, p.bare = origin, false
	return p, nil
}

// configured finds the store that the configuration names. One that names none
// means the data folder of whom Caddy runs as, which may be the service's.
func (a *App) configured() (*place, error) {
	var named struct{ Store, Path string }
	if a.StoreRaw != nil {
		if err := json.Unmarshal(a.StoreRaw, &named); err != nil {
			return nil, err
		}
	}
	switch {
	case named.Store == "" || named.Store == "file" && named.Path == "":
		return ownStore(a)
	case named.Store == "file":
		path, err := replaced("store file", named.Path)
		if err != nil {
			return nil, fmt.Errorf("%w (run this with the environment Caddy has)", err)
		}
		return fileStore(a, "start Caddy once, or run this in the folder Caddy runs in", path)
	}
	err := a.forCommand()
	if s, ok := a.store.(interface{ keptIn(folder string) }); ok && err == nil {
		s.keptIn(whichFolder(dataFolder(), systemFolder))
	}
	return &place{app: a}, err
}

// adapted reads a configuration as JSON.
func adapted(path, adapter string) ([]byte, error) {
	body, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	if adapter == "" {
		if strings.EqualFold(filepath.Ext(path), ".json") {
			return body, nil
		}
		adapter = "caddyfile"
	}
	a := caddyconfig.GetAdapter(adapter)
	if a == nil {
		return nil, fmt.Errorf("there is no config adapter %q in this Caddy", adapter)
	}
	body, _, err = a.Adapt(body, map[string]any{"filename": path})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s cannot be read as %s", path, adapter), err)
	}
	return body, nil
}

// sites returns the addresses that lead to our handler, https first, and
// whether there is such a handler at all. plain is as in [sites.collect].
func (c *caddyConfig) sites(plain bool) (s sites, used bool) {
	for _, name := range slices.Sorted(maps.Keys(c.Apps.HTTP.Servers)) {
		server := c.Apps.HTTP.Servers[name]
		s.serve(routes.Sites(server.server()))
		s.maps = append(s.maps, routes.Read(server.server(), server.Listen))
		gates := server.gates()
		used = used || len(gates) > 0
		for _, gate := range gates {
			for _, host := range gate.Hosts {
				for _, address := range server.Listen {
					s.addAt(listener{server.scheme(host, address), server.fronted(), plain}, host, address)
				}
			}
		}
		if len(gates) > 0 {
			s.believe(server.Listen, trustedRanges(server.Proxies))
		}
	}
	s.sort()
	return s, used
}

func (s *jsonServer) fronted() bool { return s.Proxies != nil || s.ProxiesUnix }

// scheme tells what a site is reached by, as far as that can be seen without
// starting it.
func (s *jsonServer) scheme(host, address string) string {
	a, err := caddy.ParseNetworkAddress(address)
	if s.HTTPS.Disable || slices.Contains(s.HTTPS.Skip, host) || err == nil && a.StartPort == 80 {
		return "http"
	}
	return "https"
}

// rules lists who may pass at any site. A word that is none is found at the start.
func (c *caddyConfig) rules() []string {
	var all []string
	for _, server := range c.Apps.HTTP.Servers {
		for _, gate := range server.gates() {
			var config SiteRules
			if json.Unmarshal(gate.Config, &config) != nil {
				continue
			}
			if rules, err := config.read(""); err == nil {
				all = append(all, rules.Allow...)
			}
		}
	}
	return all
}
