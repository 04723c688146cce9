package routes_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	_ "github.com/caddyserver/caddy/v2/modules/caddyhttp/headers"

	"github.com/caddy-sparekey/sparekey/caddymodule/routes"
)

func init() { caddy.RegisterModule(gate{}) }

// gate lets nobody pass, and has its own pages.
type gate struct{}

func (gate) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.sparekey", New: func() caddy.Module { return new(gate) }}
}

func (gate) Written() json.RawMessage { return nil }

func (gate) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	_, err := io.WriteString(w, map[bool]string{false: "gate", true: "page"}[strings.HasPrefix(r.URL.Path, "/.sparekey/")])
	return err
}

const gateJSON, appJSON, passJSON = `{"handler":"sparekey"}`, `{"handler":"static_response","body":"app"}`, `{"handler":"headers"}`

// randomRoutes are such in which nothing beside a gate is left open on purpose:
// what has a matcher holds no gate together with what answers.
func randomRoutes(r *rand.Rand, depth int, answers bool) string {
	list := make([]string, 1+r.IntN(3))
	for i := range list {
		match, may := "", answers
		if r.IntN(2) == 0 {
			match = `"match":[` + randomMatch(r) + `],`
			may = false
		}
		var handlers []string
		switch n := r.IntN(6); {
		case n == 0 && depth > 0:
			handlers = []string{`{"handler":"subroute","routes":` + randomRoutes(r, depth-1, may) + `}`}
		case n == 1 && answers:
			handlers = []string{appJSON}
		case n == 2:
			handlers = []string{passJSON}
		case n == 3 && may:
			handlers = []string{gateJSON, passJSON, appJSON}
		default:
			handlers = []string{passJSON, gateJSON}
		}
		list[i] = "{" + match + `"handle":[` + strings.Join(handlers, ",") + "]}"
	}
	return "[" + strings.Join(list, ",") + "]"
}

func randomMatch(r *rand.Rand) string {
	m := fmt.Sprintf(`{"path":[%q]}`, []string{"/a/*", "/b*", "/.sparekey/*", "*", "/.sparekey/login", "*.css", "/.s*"}[r.IntN(7)])
	switch r.IntN(4) {
	case 0:
		return `{"not":[` + m + `]}`
	case 1:
		return strings.TrimSuffix(m, "}") + `,"method":["GET"]}`
	}
	return m
}

func randomSites(r *rand.Rand) string {
	if r.IntN(2) == 0 {
		return randomRoutes(r, 2, true)
	}
	var list []string
	for _, host := range []string{"a.example", "b.example", "*.example"}[r.IntN(3):] {
		list = append(list, fmt.Sprintf(`{"match":[{"host":[%q]}],"terminal":true,"handle":[{"handler":"subroute","routes":%s}]}`, host, randomRoutes(r, 1, true)))
	}
	return "[" + strings.Join(list, ",") + "]"
}

// TestRoutesThatAreTakenGuard asks random routes that were taken: whatever the
// path, a gate answers before the app does, and it has its pages. Routes are
// judged alike before their modules are loaded and afterwards.
func TestRoutesThatAreTakenGuard(t *testing.T) {
	t.Parallel()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: t.Context()})
	defer cancel()
	taken := 0
	for seed := range uint64(600) {
		text := randomSites(rand.New(rand.NewPCG(seed, 9)))
		var list caddyhttp.RouteList
		if err := json.Unmarshal([]byte(text), &list); err != nil {
			t.Fatal(err)
		}
		app := &caddyhttp.App{Servers: map[string]*caddyhttp.Server{"main": {Routes: list}}}
		before := routes.Judge(app)
		if err := list.Provision(ctx); err != nil {
			t.Fatal(err)
		}
		if after := routes.Judge(app); !reflect.DeepEqual(before, after) {
			t.Errorf("%s: got %v before the modules are loaded and %v afterwards", text, before, after)
		}
		if before == nil && strings.Contains(text, gateJSON) {
			taken++
			guarded(t, text, list)
		}
	}
	t.Logf("%d were taken", taken)
	if taken < 100 {
		t.Errorf("got %d routes that were taken, want more", taken)
	}
}

func guarded(t *testing.T, text string, list caddyhttp.RouteList) {
	t.Helper()
	handler := list.Compile(caddyhttp.HandlerFunc(func(http.ResponseWriter, *http.Request) error { return nil }))
	for _, host := range []string{"a.example", "b.example", "c.example", "other.test"} {
		if strings.Contains(text, `"host"`) && !holds(site(t, list, host)) {
			continue
		}
		for _, path := range []string{"/", "/a/x", "/b", "/x.css", "/a/x.css", "/.sparekey", "/.sx", "/.sparekey/login", "/.sparekey/static/sparekey.css"} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				got := ask(t, handler, method, host, path)
				page := strings.HasPrefix(path, "/.sparekey/")
				if got == "app" || page && got != "page" {
					t.Errorf("%s: %s %s%s: got %q", text, method, host, path, got)
				}
			}
		}
	}
}

// site is what a host is answered by: the first that takes it.
func site(t *testing.T, list caddyhttp.RouteList, host string) caddyhttp.RouteList {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/", nil)
	r = caddyhttp.PrepareRequest(r, caddy.NewReplacer(), nil, nil)
	for _, route := range list {
		if ok, err := route.MatcherSets.AnyMatchWithError(r); err == nil && ok {
			return caddyhttp.RouteList{route}
		}
	}
	return nil
}

func holds(list caddyhttp.RouteList) bool {
	for _, route := range list {
		for _, h := range route.Handlers {
			if _, ok := h.(routes.Gate); ok {
				return true
			}
			if s, ok := h.(*caddyhttp.Subroute); ok && holds(s.Routes) {
				return true
			}
		}
	}
	return false
}

func ask(t *testing.T, handler caddyhttp.Handler, method, host, path string) string {
	t.Helper()
	rec := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://"+host+path, nil)
	if err := handler.ServeHTTP(rec, caddyhttp.PrepareRequest(r, caddy.NewReplacer(), rec, nil)); err != nil {
		t.Fatal(err)
	}
	return rec.Body.String()
}
