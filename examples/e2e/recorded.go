package e2e

import (
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// No package has Traefik or Envoy, so these stand in for them: they do with a
// request what the two do, with the configuration in the folder of the example. That
// of Traefik is written after forwardAuth of version 3, with what becomes of
// Connection as version 2 had it; that of Envoy after its documentation and an older
// ext_authz over HTTP. Neither was compared with the program itself.

// Recorded serves the example by a stand-in.
func (e *Example) Recorded(file string, proxy func(config string) http.Handler) {
	e.TB.Helper()
	text, err := os.ReadFile(filepath.Join(e.Dir, file))
	if err != nil {
		e.TB.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(e.TB.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(e.Port))
	if err != nil {
		e.TB.Fatal(err)
	}
	server := &http.Server{Handler: proxy(string(text))} //nolint:gosec // of a test
	go func() { _ = server.Serve(l) }()
	e.TB.Cleanup(func() { _ = server.Close() })
}

// listOf are the items below a key, one a line, as both files have them.
func listOf(config, key string) []string {
	_, rest, _ := strings.Cut(config, key+":\n")
	var out []string
	for line := range strings.Lines(rest) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
		switch item, found := strings.CutPrefix(line, "- "); {
		case found:
			out = append(out, item)
		case line != "patterns:" && line != "":
			return out
		}
	}
	return out
}

// valueOf is the value of a key that is there once.
func valueOf(config, key string) string {
	m := regexp.MustCompile(`(?m)^\s*(?:- )?` + regexp.QuoteMeta(key) + `: (.+?)(?: #.*)?$`).FindStringSubmatch(config)
	if m == nil {
		return ""
	}
	return m[1]
}

func to(address string) http.Handler {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return &httputil.ReverseProxy{FlushInterval: -1, Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = u.Scheme, u.Host, r.In.Host
		r.Out.Header["X-Forwarded-For"] = r.In.Header["X-Forwarded-For"]
		r.SetXForwarded()
	}}
}

// Traefik stands in for Traefik.
func Traefik(config string) http.Handler {
	var hosts []string
	for _, m := range regexp.MustCompile("rule: Host\\(`([^`]+)`\\)\n").FindAllStringSubmatch(config, -1) {
		hosts = append(hosts, m[1])
	}
	portal := regexp.MustCompile("rule: Host\\(`([^`]+)`\\) && !PathPrefix").FindStringSubmatch(config)[1]
	hosts = append(hosts, portal)
	urls := regexp.MustCompile(`- url: (\S+)`).FindAllStringSubmatch(config, -1)
	pages, app := to(urls[0][1]), to(urls[1][1])
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := strings.Cut(r.Host, ":")
		dropConnection(r.Header)
		for _, line := range regexp.MustCompile(`(?m)^ +(\S+): ""$`).FindAllStringSubmatch(config, -1) {
			r.Header.Del(line[1])
		}
		switch {
		case !slices.Contains(hosts, name), name == portal && strings.HasPrefix(r.URL.Path, "/.sparekey/verify"):
			http.NotFound(w, r)
		case strings.HasPrefix(r.URL.Path, "/.sparekey/") && !strings.HasPrefix(r.URL.Path, "/.sparekey/verify"), name == portal:
			pages.ServeHTTP(w, r)
		case forwardAuth(config, w, r):
			app.ServeHTTP(w, r)
		}
	})
}

// dropConnection is what both do before anything else: what Connection names goes, but for
// a change of protocol.
func dropConnection(h http.Header) {
	upgrade := h.Get("Upgrade")
	lines := h["Connection"]
	delete(h, "Connection")
	for name := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		if name = strings.TrimSpace(name); strings.EqualFold(name, "upgrade") && upgrade != "" {
			h.Set("Connection", "Upgrade")
			continue
		}
		h.Del(name)
	}
}

// forwardAuth asks, and reports whether the request goes on.
func forwardAuth(config string, w http.ResponseWriter, r *http.Request) bool {
	ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet, valueOf(config, "address"), nil)
	if err != nil {
		return answer(w, http.StatusInternalServerError)
	}
	ask.Header = r.Header.Clone()
	for _, name := range []string{"Connection", "Keep-Alive", "Te", "Trailers", "Transfer-Encoding", "Upgrade"} {
		ask.Header.Del(name)
	}
	client, _, _ := net.SplitHostPort(r.RemoteAddr)
	for name, value := range map[string]string{
		"X-Forwarded-For": client, "X-Forwarded-Method": r.Method, "X-Forwarded-Proto": "http", "X-Forwarded-Host": r.Host, "X-Forwarded-Uri": r.URL.RequestURI(),
	} {
		ask.Header.Set(name, value)
	}
	res, err := http.DefaultTransport.RoundTrip(ask)
	if err != nil {
		return answer(w, http.StatusInternalServerError)
	}
	defer res.Body.Close()
	if res.StatusCode < 200 || res.StatusCode >= 300 {
		for name, v := range res.Header {
			w.Header()[name] = v
		}
		if u, err := res.Location(); err == nil { // against the address of the question
			w.Header().Set("Location", u.String())
		}
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
		return false
	}
	all := regexp.MustCompile(valueOf(config, "authResponseHeadersRegex"))
	for name := range r.Header {
		if all.MatchString(name) {
			delete(r.Header, name)
		}
	}
	for name, v := range res.Header {
		if all.MatchString(name) {
			r.Header[name] = v
		}
	}
	for _, name := range listOf(config, "authResponseHeaders") {
		if r.Header.Del(name); len(res.Header[name]) > 0 {
			r.Header[name] = res.Header[name]
		}
	}
	return true
}

func answer(w http.ResponseWriter, status int) bool {
	w.WriteHeader(status)
	return false
}

// Envoy stands in for Envoy.
func Envoy(config string) http.Handler {
	var hosts []string
	for _, m := range regexp.MustCompile(`domains: \["([^*].*)"\]`).FindAllStringSubmatch(config, -1) {
		hosts = append(hosts, strings.Split(m[1], `", "`)...)
	}
	ports := regexp.MustCompile(`address: 127.0.0.1, port_value: (\d+)`).FindAllStringSubmatch(config, -1)
	pages, app := to("http://127.0.0.1:"+ports[1][1]), to("http://127.0.0.1:"+ports[2][1])
	removed := strings.Split(strings.Trim(valueOf(config, "request_headers_to_remove"), "[]"), ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, _, _ := net.SplitHostPort(r.RemoteAddr)
		dropConnection(r.Header)
		r.Header.Set("X-Forwarded-For", strings.TrimPrefix(r.Header.Get("X-Forwarded-For")+", "+client, ", ")) // use_remote_address
		r.Header.Set("X-Forwarded-Proto", "http")
		for name := range r.Header {
			if strings.Contains(name, "_") { // headers_with_underscores_action
				delete(r.Header, name)
			}
		}
		upgrade := r.Header.Get("Upgrade")
		switch {
		case !slices.Contains(hosts, r.Host), upgrade != "" && upgrade != "websocket", strings.HasPrefix(r.URL.Path, "/.sparekey/verify"):
			w.WriteHeader(http.StatusForbidden)
		case strings.HasPrefix(r.URL.Path, "/.sparekey/"), r.Host == hosts[0]:
			pages.ServeHTTP(w, r)
		case extAuthz(config, "http://127.0.0.1:"+ports[1][1], w, r):
			for name := range r.Header {
				if slices.Contains(removed, strings.ToLower(name)) {
					delete(r.Header, name)
				}
			}
			app.ServeHTTP(w, r)
		}
	})
}

// extAuthz asks, and reports whether the request goes on.
func extAuthz(config, server string, w http.ResponseWriter, r *http.Request) bool {
	ask, err := http.NewRequestWithContext(r.Context(), r.Method, server+valueOf(config, "path_prefix")+r.URL.RequestURI(), nil)
	if err != nil {
		return answer(w, http.StatusForbidden)
	}
	ask.Host = r.Host
	copied(ask.Header, r.Header, listOf(config, "allowed_headers"))
	res, err := http.DefaultTransport.RoundTrip(ask)
	if err != nil {
		return answer(w, http.StatusServiceUnavailable) // status_on_error
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		copied(w.Header(), res.Header, listOf(config, "allowed_client_headers"))
		w.WriteHeader(res.StatusCode)
		_, _ = io.Copy(w, res.Body)
		return false
	}
	copied(r.Header, res.Header, listOf(config, "allowed_upstream_headers"))
	return true
}

// copied sets the headers that patterns name.
func copied(into, from http.Header, patterns []string) {
	for name, v := range from {
		if slices.ContainsFunc(patterns, func(p string) bool {
			start, prefix := strings.CutPrefix(p, "prefix: ")
			return prefix && strings.HasPrefix(strings.ToLower(name), start) || strings.EqualFold(p, "exact: "+name)
		}) {
			into[name] = v
		}
	}
}
