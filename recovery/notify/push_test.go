package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

const (
	pushToken   = "AbCdEfGhIjKlMn1" // of the form that Gotify wants
	pushSubject = "Votre mot de passe a été changé"
	pushText    = "The password of alice's account was changed.\n\n<b>&\nCode 483911"
)

// hub plays the servers of push services: it keeps requests and answers by
// path; a path not listed is not found.
type hub struct {
	*httptest.Server
	answers map[string]string

	mu     sync.Mutex
	status int           // of all answers; 0: 200
	gate   chan struct{} // answers wait until it is closed; nil: at once
	got    []call
}

type call struct {
	line   string // method, path and query
	header http.Header
	body   string
}

func newHub(t *testing.T, answers map[string]string) *hub {
	t.Helper()
	h := &hub{answers: answers}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	gate := h.gate
	h.mu.Unlock()
	if gate != nil {
		<-gate
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = append(h.got, call{r.Method + " " + r.URL.RequestURI(), r.Header, string(body)})
	answer, known := h.answers[r.Method+" "+r.URL.Path]
	switch {
	case !known:
		w.WriteHeader(http.StatusNotFound)
	case h.status != 0:
		w.WriteHeader(h.status)
	}
	_, _ = io.WriteString(w, answer)
}

func (h *hub) host() string { return strings.TrimPrefix(h.URL, "http://") }

func (h *hub) answer(status int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.status = status
}

// hold makes answers wait until release is called.
func (h *hub) hold(t *testing.T) (release func()) {
	t.Helper()
	gate := make(chan struct{})
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gate = gate
	release = sync.OnceFunc(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.gate = nil
		close(gate)
	})
	t.Cleanup(release) // before the server closes, which waits for answers
	return release
}

func (h *hub) calls() []call {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]call(nil), h.got...)
}

func (h *hub) lines() []string {
	var lines []string
	for _, c := range h.calls() {
		lines = append(lines, c.line)
	}
	return lines
}

func pushed() notify.Letter {
	return notify.Letter{ID: "m7Qx", Channel: recovery.ChannelPush, To: "alice", Subject: pushSubject, Text: pushText, HTML: "<p>no</p>"}
}

// services are those whose requests we look at, by the URL an operator writes.
func services(host string) map[string]string {
	return map[string]string{
		"ntfy":     "ntfy://gate:" + pushToken + "@" + host + "/sparekey?scheme=http&tags=key",
		"gotify":   "gotify://" + host + "/sub/" + pushToken + "?disabletls=yes&priority=5",
		"matrix":   "matrix://:" + pushToken + "@" + host + "/?disableTLS=yes&rooms=!family:example.org",
		"telegram": "telegram://123456:" + pushToken + "@telegram?chats=@family",
	}
}

func hubAnswers() map[string]string {
	const matrix = "/_matrix/client/r0/"
	return map[string]string{
		"POST /sparekey":                              `{"id":"x","event":"message"}`,
		"POST /sub//message":                          `{"id":1}`,
		"GET " + matrix + "login":                     `{"flows":[{"type":"m.login.password"}]}`,
		"POST " + matrix + "login":                    `{"access_token":"` + matrixToken + `"}`,
		"POST " + matrix + "join/!family:example.org": `{"room_id":"!family:example.org"}`,
		"POST " + matrix + "rooms/!family:example.org/send/m.room.message": `{"event_id":"$x"}`,
		"POST /bot123456:" + pushToken + "/sendMessage":                    `{"ok":true,"result":{"message_id":1}}`,
	}
}

const matrixToken = "syt_a2V5_made_by_the_server"

// roundTripper is a function as a transport.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// divert sends to the hub what goes to Telegram. Its address is a constant of
// shoutrrr and its client http.DefaultClient, so only the default transport of
// the process is left to catch the request.
func divert(t *testing.T, h *hub) {
	t.Helper()
	original := http.DefaultTransport
	t.Cleanup(func() { http.DefaultTransport = original })
	http.DefaultTransport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Scheme+"://"+r.URL.Host != "https://api.telegram.org" {
			return nil, fmt.Errorf("request to %s, want Telegram's server", r.URL.Host)
		}
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host = "http", h.host()
		return original.RoundTrip(r)
	})
}

// pushRequest is what a service is asked for each message.
type pushRequest struct {
	name  string
	lines []string
	check func(t *testing.T, last call)
}

func pushRequests() []pushRequest {
	return []pushRequest{
		{"ntfy", []string{"POST /sparekey"}, func(t *testing.T, last call) {
			r := http.Request{Header: last.header}
			if user, pass, _ := r.BasicAuth(); user != "gate" || pass != pushToken {
				t.Errorf("got user %q, password %q", user, pass)
			}
			if got := last.header.Get("Title"); got != pushSubject {
				t.Errorf("title: got %q, want %q", got, pushSubject)
			}
			if got := last.header.Get("Tags"); got != "key" {
				t.Errorf("tags: got %q, want those of the URL", got)
			}
			if last.body != pushText {
				t.Errorf("body: got %q, want %q", last.body, pushText)
			}
		}},
		{"gotify", []string{"POST /sub//message?token=" + pushToken}, func(t *testing.T, last call) {
			wantJSON(t, last.body, map[string]any{"title": pushSubject, "message": pushText, "priority": 5.0, "extras": nil})
		}},
		{"matrix", []string{
			"POST /_matrix/client/r0/join/%21family:example.org?access_token=" + pushToken,
			"POST /_matrix/client/r0/rooms/%21family:example.org/send/m.room.message?access_token=" + pushToken,
		}, func(t *testing.T, last call) {
			wantJSON(t, last.body, map[string]any{"msgtype": "m.text", "body": pushSubject + "\n\n" + pushText})
		}},
		{"telegram", []string{"POST /bot123456:" + pushToken + "/sendMessage"}, func(t *testing.T, last call) {
			escaped := strings.NewReplacer("'", "&#39;", "<", "&lt;", ">", "&gt;", "&", "&amp;").Replace(pushText)
			wantJSON(t, last.body, map[string]any{
				"chat_id": "@family", "text": "<b>" + pushSubject + "</b>\n" + escaped, "parse_mode": "HTML",
				"disable_notification": false, "disable_web_page_preview": false, "reply_to_message_id": 0.0,
			})
		}},
	}
}

func TestPushRequests(t *testing.T) {
	for _, tt := range pushRequests() {
		t.Run(tt.name, func(t *testing.T) {
			h := newHub(t, hubAnswers())
			if tt.name == "telegram" {
				divert(t, h)
			}
			p := &notify.Push{URL: secret.Text(services(h.host())[tt.name])}
			if err := p.Validate(); err != nil {
				t.Fatalf("Validate: got %v", err)
			}
			if got := h.lines(); got != nil {
				t.Fatalf("Validate made requests: %q", got)
			}
			for range 2 {
				if err := p.Send(t.Context(), pushed()); err != nil {
					t.Fatalf("Send: got %v; requests %q", err, h.lines())
				}
			}
			calls := h.calls()
			want := append(tt.lines, tt.lines...)
			if got := h.lines(); fmt.Sprint(unescape(got)) != fmt.Sprint(unescape(want)) {
				t.Errorf("requests:\n got %q\nwant %q", got, want)
			}
			tt.check(t, calls[len(calls)-1])
		})
	}
}

// unescape makes lines comparable: ! may be escaped in a path or not.
func unescape(lines []string) []string {
	var out []string
	for _, l := range lines {
		u, err := url.PathUnescape(l)
		if err != nil {
			u = l
		}
		out = append(out, u)
	}
	return out
}

func wantJSON(t *testing.T, body string, want map[string]any) {
	t.Helper()
	var got map[string]any
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("body %q: %v", body, err)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) { // maps print in order
		t.Errorf("body:\n got %v\nwant %v", got, want)
	}
}

// Every sign-in to Matrix makes a device there: one does for all messages,
// until the server refuses its token.
func TestPushMatrixSignsInOnce(t *testing.T) {
	h := newHub(t, hubAnswers())
	p := &notify.Push{URL: secret.Text("matrix://bot:" + pushToken + "@" + h.host() + "/?disableTLS=yes&rooms=!family:example.org")}
	if err := p.Validate(); err != nil || len(h.lines()) != 0 {
		t.Fatalf("Validate: got %v and requests %q, want none", err, h.lines())
	}
	for range 3 {
		if err := p.Send(t.Context(), pushed()); err != nil {
			t.Fatalf("Send: got %v", err)
		}
	}
	if got := h.signIns(); got != 1 {
		t.Errorf("sign-ins for three messages: got %d, want 1", got)
	}
	h.answer(http.StatusUnauthorized)
	wantError(t, "Send", p.Send(t.Context(), pushed()), "matrix", false)
	h.answer(0)
	if err := p.Send(t.Context(), pushed()); err != nil {
		t.Errorf("Send with a new token: got %v", err)
	}
	if got := h.signIns(); got != 2 {
		t.Errorf("sign-ins after the token was refused: got %d, want 2", got)
	}
}

// signIns counts those to Matrix.
func (h *hub) signIns() (n int) {
	for _, line := range h.lines() {
		if strings.HasPrefix(line, "POST /_matrix/client/r0/login") {
			n++
		}
	}
	return n
}

// A send that hangs still uses its service, which is not made for two at once.
func TestPushLeavesServiceToSendThatHangs(t *testing.T) {
	h := newHub(t, hubAnswers())
	p := &notify.Push{URL: secret.Text("matrix://bot:" + pushToken + "@" + h.host() + "/?disableTLS=yes&rooms=!family:example.org"), Timeout: 300 * time.Millisecond}
	if err := p.Send(t.Context(), pushed()); err != nil {
		t.Fatalf("Send: got %v", err)
	}
	release := h.hold(t)
	wantError(t, "Send", p.Send(t.Context(), pushed()), "no answer in time", false)
	release()
	eventually(t, "messages are taken again", func() bool { return p.Send(t.Context(), pushed()) == nil })
	if got := h.signIns(); got < 2 {
		t.Errorf("sign-ins: got %d, want one for each service made, 2 and more", got)
	}
}

// hang starts a server that takes requests and does not answer until release
// is called. Its answer is taken by generic:// and ntfy://.
func hang(t *testing.T) (host string, release func()) {
	t.Helper()
	gate := make(chan struct{})
	release = sync.OnceFunc(func() { close(gate) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		<-gate
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(func() { release(); server.Close() })
	return strings.TrimPrefix(server.URL, "http://"), release
}

// generic:// sends with http.DefaultClient, which waits for ever.
func TestPushDeadline(t *testing.T) {
	host, release := hang(t)
	p := &notify.Push{URL: secret.Text("generic://" + host + "/" + pushToken + "?disabletls=yes"), Timeout: 100 * time.Millisecond}
	for range 8 {
		begin := time.Now()
		wantError(t, "Send", p.Send(t.Context(), pushed()), "no answer in time", false)
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("Send took %v, want about 100ms", took)
		}
	}
	wantError(t, "Send with 8 that hang", p.Send(t.Context(), pushed()), "too many", false)
	release()
	eventually(t, "messages are taken again", func() bool { return p.Send(t.Context(), pushed()) == nil })
}

func TestPushEndsWithItsContext(t *testing.T) {
	host, _ := hang(t)
	p := &notify.Push{URL: secret.Text("ntfy://" + host + "/topic?scheme=http")}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	begin := time.Now()
	wantError(t, "Send", p.Send(ctx, pushed()), "no answer", false)
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("Send took %v, want it to end with its context", took)
	}
}

func TestPushShared(t *testing.T) {
	for _, tt := range []struct {
		name           string
		shared, secret bool
		sent           int
	}{
		{"own channel, notice", false, false, 1},
		{"own channel, secret", false, true, 1},
		{"shared channel, notice", true, false, 1},
		{"shared channel, secret", true, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, log := newHub(t, hubAnswers()), &syncBuffer{}
			q := notify.NewQueue(notify.QueueOptions{
				Render: render, Backoff: soon, Logger: log.logger(),
				Senders: map[string]notify.Sender{recovery.ChannelPush: &notify.Push{URL: secret.Text(services(h.host())["ntfy"]), Shared: tt.shared}},
			})
			defer closeQueue(t, q)
			m := message("alice")
			m.Channel, m.Secret = recovery.ChannelPush, tt.secret
			q.Queue(m)
			eventually(t, "sent or given up", func() bool {
				s := q.Stats()[recovery.ChannelPush]
				return s.Sent+s.Failed == 1
			})
			if got := len(h.lines()); got != tt.sent {
				t.Errorf("requests: got %d, want %d; log %s", got, tt.sent, log)
			}
		})
	}
}
