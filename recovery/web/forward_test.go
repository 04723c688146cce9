package web_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// A yes has an empty body and all four headers, empty where there is no value, and
// the cookies without ours: what the proxy copies replaces what the client sent.
func TestHD03_AYesToAnotherProxyNamesWhoAsks(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	for dialect := range dialects {
		for address, method := range map[string]string{
			"https://photos.example.com/album?id=7": "GET", "https://photos.example.com:443/": "POST", "https://PHOTOS.example.com/x": "PUT",
			"https://photos.example.com:8443/": "GET", "http://localhost:8080/": "DELETE", "https://admin.example.com/": "HEAD",
		} {
			r := a.about(dialect, method, address, true)
			r.Header["Remote-User"], r.Header["Remote_groups"] = []string{"root"}, []string{"root"}
			res := a.want(dialect+" "+address, r, 200, "")
			body, _ := io.ReadAll(res.Body)
			for name, want := range map[string]string{
				"Remote-User": "alice", "Remote-Name": "alice", "Remote-Email": "alice@example.org", "Remote-Groups": recovery.GroupAdmins, "Cookie": "theme=dark", "Content-Length": "0",
			} {
				if got := res.Header[name]; len(got) != 1 || got[0] != want {
					t.Errorf("%s: %s is %q, want %q", dialect, name, got, want)
				}
			}
			if len(body) > 0 || res.Header.Get("Set-Cookie") != "" {
				t.Errorf("%s: got body %q and cookie %q, want none", dialect, body, res.Header.Get("Set-Cookie"))
			}
		}
	}
}

// TestHD03_AYesHasEmptyValuesToo: they replace what the client has sent.
func TestHD03_AYesHasEmptyValuesToo(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	change(t, a.World, "alice", func(x *recovery.Account) { x.Groups, x.Addresses = nil, nil })
	for dialect := range dialects {
		r := a.about(dialect, "GET", "https://photos.example.com/", true)
		r.Header["Remote-Groups"], r.Header["Remote-Email"] = []string{"admins"}, []string{"root@example.org"}
		res := a.want(dialect, r, 200, "")
		for _, name := range []string{"Remote-Email", "Remote-Groups", "Authorization", "Sparekey-Key"} {
			if got, there := res.Header[name]; !there || len(got) != 1 || got[0] != "" {
				t.Errorf("%s: %s is %q (%v), want it there and empty", dialect, name, got, there)
			}
		}
	}
}

// Whatever the guard does not let pass is no yes, in the words each proxy takes.
func TestHD05_ANoToAnotherProxy(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	const app = "https://photos.example.com/album?id=7"
	for dialect := range dialects {
		nginx := func(other, here int) int {
			if dialect == "nginx" {
				return here
			}
			return other
		}
		res := a.want(dialect+", a page", navigating(a.about(dialect, "GET", app, false)), nginx(303, 401), "sign_in")
		if got, want := res.Header.Get("Location"), "https://photos.example.com/.sparekey/login?return="+url.QueryEscape("/album?id=7"); got != want {
			t.Errorf("%s: got Location %q, want %q", dialect, got, want)
		}
		fetch := a.about(dialect, "GET", app, false)
		fetch.Header.Set("Sec-Fetch-Mode", "cors")
		fetch.Header.Set("Sec-Fetch-Dest", "empty")
		form, framed := navigating(a.about(dialect, "POST", app, false)), navigating(a.about(dialect, "GET", app, false))
		framed.Header.Set("Sec-Fetch-Dest", "iframe")
		for name, r := range map[string]*http.Request{"a fetch": fetch, "a form": form, "a frame": framed, "a tool": a.about(dialect, "GET", app, false)} {
			if res := a.want(dialect+", "+name, r, 401, "sign_in"); res.Header.Get("Location") != "" {
				t.Errorf("%s, %s: got Location %q, want none", dialect, name, res.Header.Get("Location"))
			}
		}
		a.want(dialect+", another group", navigating(a.about(dialect, "GET", "https://family.example.com/", true)), 403, "forbidden")
		a.want(dialect+", our pages", a.about(dialect, "GET", "https://photos.example.com/.sparekey/account", true), 403, "pages")
		for name, r := range map[string]*http.Request{"nobody": a.about(dialect, "GET", app, false), "somebody": a.about(dialect, "GET", app, true)} {
			r.RemoteAddr = "192.0.2.8:40000"
			a.want(dialect+", another peer, "+name, r, 403, "peer")
		}
	}
	a.Web.Forward = nil
	a.want("without from", a.about("forwarded", "GET", app, true), 403, "peer")
}

// Hosts are compared literally, with scheme and port.
func TestA57_VerifyKnowsOnlyTheHostsThatAreWritten(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	for dialect := range dialects {
		for _, host := range []string{
			"other.example.com", "photos.example.com.", "photos.example.com:80", "photos.example.com:8444", "x.photos.example.com", "example.com",
			"127.0.0.1", "[::1]", "photos.example.com@other.example.com", "other.example.com#photos.example.com", "photos.example.com:", "*", "a b",
			"photos.example.com, admin.example.com", "photos%2eexample.com", "xn--photos.example.com", "photos.example.com:0443", ".", "-",
		} {
			r := a.about(dialect, "GET", "https://photos.example.com/", true)
			sayHost(dialect, r, host)
			if res := a.ask(r); res.StatusCode != 403 {
				t.Errorf("%s, host %q: got %d, want 403", dialect, host, res.StatusCode)
			}
		}
		for _, address := range []string{"http://photos.example.com/", "https://localhost:8080/", "http://photos.example.com:8443/"} {
			a.want(dialect+" "+address, a.about(dialect, "GET", address, true), 403, "host")
		}
	}
}

func sayHost(dialect string, r *http.Request, host string) {
	switch dialect {
	case "forwarded":
		r.Header["X-Forwarded-Host"] = []string{host}
	case "nginx":
		r.Header["X-Original-Url"] = []string{"https://" + host + "/"}
	default:
		r.Host = host
	}
}

// What says what was asked is there once, and readable: else nothing is decided.
func TestHD06_AnOddQuestionIsRefused(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	odd := map[string][][]string{
		"X-Forwarded-Method": {nil, {""}, {"GET", "GET"}, {"G T"}, {"CONNECT"}, {"GET, GET"}, {"GÉT"}},
		"X-Forwarded-Proto":  {nil, {""}, {"https", "https"}, {"HTTPS"}, {"https, http"}, {"ftp"}, {"https://"}, {"wsss"}},
		"X-Forwarded-Host":   {nil, {""}, {"photos.example.com", "photos.example.com"}},
		"X-Forwarded-Uri":    {nil, {""}, {"/", "/"}, {"album"}, {"*"}, {"https://photos.example.com/"}, {"/a b"}, {"/%zz"}, {"/\x00"}, {"/\t"}},
		"X-Original-Method":  {nil, {""}, {"GET", "POST"}, {"G/T"}},
		"X-Original-Url": {
			nil,
			{""},
			{"https://photos.example.com/", "https://photos.example.com/"},
			{"/album"},
			{"photos.example.com/"},
			{"https://photos.example.com"},
			{"https:/photos.example.com/"},
			{"https://photos.example.com?/"},
			{"//photos.example.com/"},
			{"https://photos.example.com/ x"},
		},
	}
	for dialect := range dialects {
		for name, values := range odd {
			if a.about(dialect, "GET", "https://photos.example.com/", true).Header[name] == nil {
				continue
			}
			for _, v := range values {
				r := a.about(dialect, "GET", "https://photos.example.com/", true)
				if r.Header[name] = v; v == nil {
					delete(r.Header, name)
				}
				if res := a.ask(r); res.StatusCode != 403 {
					t.Errorf("%s, %s %q: got %d, want 403", dialect, name, v, res.StatusCode)
				}
			}
		}
	}
	r := a.about("envoy", "GET", "https://photos.example.com/", true)
	r.RequestURI = "/.sparekey/verify/%65nvoy/"
	a.want("another spelling of the address", r, 403, "question")
}

// TestA56_OddCookiesAtVerify: no value of a cookie is a yes or an error.
func TestA56_OddCookiesAtVerify(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	for i, value := range []string{
		"", strings.Repeat("A", 8<<10), "a\x00b", "====", a.session[:len(a.session)/2], a.session + "x", strings.ToUpper(a.session), " ", "\"" + a.session, "%41" + a.session[1:],
	} {
		for dialect := range dialects {
			r := a.about(dialect, "GET", "https://photos.example.com/", false)
			r.Header["Cookie"] = []string{"__Host-sparekey=" + value}
			a.want(fmt.Sprintf("%s, cookie %d", dialect, i), r, 401, "sign_in")
		}
	}
	r := a.about("forwarded", "GET", "https://photos.example.com/", false)
	r.Header["Cookie"] = []string{"sparekey-80=" + a.session + "; sparekey=" + a.session + "; __Host-sparekey-80=" + a.session}
	a.want("a cookie of another name", r, 401, "sign_in")
}

// TestHD11_VerifyReadsNoBody, however long one is.
func TestHD11_VerifyReadsNoBody(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	for dialect := range dialects {
		for status, cookie := range map[int]bool{200: true, 401: false} {
			r := a.about(dialect, "POST", "https://photos.example.com/", cookie)
			r.Body, r.ContentLength = unread{t}, 1<<30
			a.want(dialect, r, status, map[int]string{401: "sign_in"}[status])
		}
	}
}

type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func (unread) Close() error { return nil }

// A store that is away and a wait that is to be shown first are no yes, although
// the gate has pages for both.
func TestHD05_CannotTellIsNoYes(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	away := guard.New(guard.Config{Accounts: awayAccounts{}, Now: a.Clock.Now})
	defer away.Close()
	a.Web.Forward.Guard = away
	for dialect := range dialects {
		status := 503
		if dialect == "nginx" {
			status = 403
		}
		for _, r := range []*http.Request{a.about(dialect, "GET", "https://photos.example.com/", true), navigating(a.about(dialect, "GET", "https://photos.example.com/", true))} {
			a.want(dialect, r, status, "unavailable")
			rec := httptest.NewRecorder()
			a.Web.VerifyUnavailable(rec, r)
			if got := rec.Header().Get(web.HeaderReason); rec.Code != status || got != "unavailable" {
				t.Errorf("%s: got %d %q from a gate that is not open, want %d", dialect, rec.Code, got, status)
			}
		}
	}
}

type awayAccounts struct{}

func (awayAccounts) Person(context.Context, string) (*recovery.Account, error) {
	return nil, kv.ErrAway
}

func (awayAccounts) KeyHolder(context.Context, string, string) (*recovery.Account, error) {
	return nil, kv.ErrAway
}
func (awayAccounts) Touch(context.Context, string, string, bool) error { return kv.ErrAway }
func (awayAccounts) UseKey(context.Context, string, string) error      { return kv.ErrAway }

// A page that stands before the one asked for has status 200, and is no yes.
func TestHD05_APageInFrontIsNoYes(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	a.wait()
	for dialect := range dialects {
		a.want(dialect, navigating(a.about(dialect, "GET", "https://photos.example.com/", true)), 403, "showing")
		a.want(dialect+", in the background", a.about(dialect, "GET", "https://photos.example.com/", true), 200, "")
	}
}

// With a portal it is a page there, and every proxy leads to it.
func TestHD05_APageInFrontIsAtThePortal(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	a.Web.Portal, a.Web.Origins = "https://login.example.com", []string{"https://photos.example.com", "https://admin.example.com"}
	a.wait()
	id, sum := recovery.SplitSession(a.session)
	account, _, err := kv.Load[recovery.Account](t.Context(), a.Engine.Store, recovery.AccountKey(id))
	if err != nil {
		t.Fatal(err)
	}
	value, err := recovery.NewHostCookie(account.Session(sum, a.Clock.Now()), a.session, "https://photos.example.com").Seal(a.Keys)
	if err != nil {
		t.Fatal(err)
	}
	a.session = value
	for dialect := range dialects {
		status := map[bool]int{true: 401, false: 303}[dialect == "nginx"]
		res := a.want(dialect, navigating(a.about(dialect, "GET", "https://photos.example.com/album", true)), status, "showing")
		if got, want := res.Header.Get("Location"), "https://login.example.com/.sparekey/waits?return="+url.QueryEscape("https://photos.example.com/album"); got != want {
			t.Errorf("%s: got %q, want %q", dialect, got, want)
		}
		a.want(dialect+", in the background", a.about(dialect, "GET", "https://photos.example.com/", true), 200, "")
		a.want(dialect+", at another host", a.about(dialect, "GET", "https://admin.example.com/", true), 401, "sign_in")
	}
}

// Handshakes are checked with their Origin, which proxies pass on, while they
// keep Upgrade to themselves.
func TestHD11_HandshakesBehindAnotherProxy(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	for dialect := range dialects {
		for how, header := range map[string]http.Header{
			"as it was sent":  {"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Key": {"x"}, "Sec-Websocket-Version": {"13"}},
			"without Upgrade": {"Sec-Websocket-Key": {"x"}, "Sec-Websocket-Version": {"13"}},
		} {
			for origin, status := range map[string]int{"https://photos.example.com": 200, "https://evil.example": 403, "https://admin.example.com": 403, "null": 403, "": 200} {
				r := a.about(dialect, "GET", "https://photos.example.com/ws", true)
				for name, v := range header {
					r.Header[name] = v
				}
				if origin != "" {
					r.Header.Set("Origin", origin)
				}
				a.want(fmt.Sprintf("%s, %s, from %q", dialect, how, origin), r, status, map[int]string{403: "cross_site"}[status])
			}
		}
		h2c := a.about(dialect, "GET", "https://photos.example.com/", true)
		h2c.Header["Upgrade"], h2c.Header["Connection"] = []string{"h2c"}, []string{"Upgrade, HTTP2-Settings"}
		a.want(dialect+", h2c", h2c, 403, "upgrade")
	}
	traefik := a.about("forwarded", "GET", "wss://photos.example.com/ws", true)
	a.want("wss", traefik, 200, "")
	traefik.Header.Set("Origin", "https://evil.example")
	a.want("wss from elsewhere", traefik, 403, "cross_site")
	caddy := a.about("forwarded", "CONNECT", "https://photos.example.com/ws", true)
	caddy.Header["Upgrade"] = []string{"websocket"}
	a.want("a handshake of HTTP/2", caddy, 200, "")
}

// A question that comes to anything but verify is refused, by whoever it is.
func TestHD05_AMisdirectedQuestionIsRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"X-Forwarded-Uri", "X-Forwarded-Method", "X-Original-URL", "X-Original-URI", "X-Original-Method"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/.sparekey/healthz", nil)
		if web.Misdirected(r) {
			t.Error("a plain request is taken for a question")
		}
		r.Header.Set(name, "/public")
		rec := httptest.NewRecorder()
		if (web.Front{}).RefuseMisdirected(rec, r); !web.Misdirected(r) || rec.Code != 403 || rec.Header().Get(web.HeaderReason) != "no_question" {
			t.Errorf("%s: got %v and %d, want it refused", name, web.Misdirected(r), rec.Code)
		}
	}
}

// Whatever else a request says of its way, of another path or method, or of who
// asks: the decision is that of its own words, and a stranger's is a no.
func TestHD06_FurtherHeadersDecideNothingAtVerify(t *testing.T) {
	t.Parallel()
	a := newAsker(t)
	further := http.Header{
		"X-Forwarded-For": {"192.168.1.1", "127.0.0.1"}, "Forwarded": {"for=127.0.0.1;host=admin.example.com;proto=http"}, "X-Real-Ip": {"127.0.0.1"},
		"Cf-Connecting-Ip": {"127.0.0.1"}, "Via": {"1.1 proxy"}, "X-Rewrite-Url": {"/public"}, "X-Forwarded-Prefix": {"/public"}, "X-Forwarded-Port": {"80"},
		"X-Http-Method-Override": {"DELETE"}, "X-Forwarded-Server": {"x"}, "X-Original-Uri": {"/public"}, "X-Forwarded-Uri": {"/public"}, "X-Forwarded-Method": {"HEAD"},
		"X-Forwarded-Host": {"family.example.com"}, "X-Original-Url": {"https://family.example.com/public"}, "X-Original-Method": {"HEAD"}, "User-Agent": {"kube-probe"},
		"Remote-User": {"root"}, "Remote_user": {"root"}, "X-Forwarded-User": {"root"}, "Authorization": {"Basic eDp4"}, "Connection": {"Remote-User, Cookie"},
	}
	for dialect := range dialects {
		for name, v := range further {
			for host, want := range map[string][2]int{"photos": {200, 401}, "family": {403, 401}} {
				for i, cookie := range []bool{true, false} {
					r := a.about(dialect, "GET", "https://"+host+".example.com/", cookie)
					if r.Header[name] != nil {
						continue // what this proxy says itself
					}
					r.Header[name] = v
					if res := a.ask(r); res.StatusCode != want[i] || cookie && host == "photos" && res.Header.Get("Remote-User") != "alice" {
						t.Errorf("%s, %s, %s, cookie %v: got %d for %q, want %d", dialect, host, name, cookie, res.StatusCode, res.Header["Remote-User"], want[i])
					}
					r.RemoteAddr = "198.51.100.9:1"
					if res := a.ask(r); res.StatusCode != 403 {
						t.Errorf("%s, %s: got %d for a stranger, want 403", dialect, name, res.StatusCode)
					}
				}
			}
		}
	}
}
