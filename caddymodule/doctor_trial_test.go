//go:build unix

package caddymodule_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// hook is a program of the operator that answers with a status.
type hook struct {
	*httptest.Server
	status int
	bodies []string
}

func newHook(t *testing.T, status int) *hook {
	t.Helper()
	k := &hook{status: status}
	k.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		k.bodies = append(k.bodies, string(body))
		w.Header().Set("Location", "https://elsewhere.invalid/canary")
		w.WriteHeader(k.status)
	}))
	t.Cleanup(k.Close)
	return k
}

// TestSendTest: one message over every channel, and what became of it.
func TestSendTest(t *testing.T) {
	recoverytest.Alone(t)
	for _, running := range []bool{true, false} {
		t.Run(fmt.Sprintf("running %v", running), func(t *testing.T) {
			h, k := newHost(t), newHook(t, http.StatusOK)
			out := filepath.Join(h.folder, "out")
			unconfirmed := recovery.Address{Channel: recovery.ChannelSMS, Value: "+41790000000", Answered: recovery.AnsweredNo}
			settle(t, h, "sam", samsMail(), unconfirmed)
			h.more = "name Photos\nnotify file " + out + "\nnotify webhook " + k.URL + " {\n secret hunter2hunter2hunter2\n}"
			config := "--config=" + h.caddyfile(t)
			if running {
				h.start(t)
			}
			r := sparekey(t, "doctor", "--send-test", config).want(t, 0, "mail: sending a test message to s•••@example.org")
			for _, want := range []string{"mail      test message taken", "webhook   test message taken", "sms       test message not sent: no active administrator"} {
				if !strings.Contains(r.out, want) {
					t.Errorf("got %s, want %q in it", r.out, want)
				}
			}
			if strings.Contains(r.out+r.said, "sam-canary@") {
				t.Errorf("got %s %s, want no address", r.out, r.said)
			}
			letters := read(t, out)
			if len(letters) != 1 || !strings.Contains(letters[0], "To: sam-canary@example.org\nSubject: A test message from Photos") || strings.Contains(letters[0], "http") {
				t.Errorf("got %q, want one test message without a link", letters)
			}
			if len(k.bodies) != 1 || !strings.Contains(k.bodies[0], `"event":"test"`) {
				t.Errorf("webhook: got %q, want one post of the event test", k.bodies)
			}

			sparekey(t, "doctor", "--send-test", "--to", "+41 79 123 45 67", config).want(t, 0, "sms: sending a test message to •••••67")
			letters = read(t, out)
			if text := strings.Join(letters, "\n"); len(letters) != 3 || !strings.Contains(text, "To: +41791234567") {
				t.Errorf("got %q, want a text message to the number and another mail", letters)
			}
			sparekey(t, "doctor", "--send-test", "--to", "Anna@Example.org", config).want(t, 0, "a•••@example.org")
			if letters = read(t, out); !strings.Contains(strings.Join(letters, "\n"), "To: anna@example.org") {
				t.Errorf("got %q, want a mail to the address", letters)
			}
			if d := examine(t, 0, config); running {
				if c := d.find(t, "mail", "3 sent"); c.Line == nil || c.Line.Sent != 3 {
					t.Errorf("got %+v, want the test messages counted", c)
				}
			}
		})
	}
}

// read returns the messages in a folder.
func read(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(text))
	}
	return out
}

// TestSendTestFaults: what a gateway did, in plain words with the remedy, and
// nothing of what it was sent.
func TestSendTestFaults(t *testing.T) {
	recoverytest.SlowAlone(t)
	tests := []struct {
		name         string
		status       int
		text, remedy string
	}{
		{"broken", 500, "answered 500", "its operator has to mend it"},
		{"unauthorized", 401, "answered 401", "refuses the key"},
		{"bad request", 400, "answered 400", "its manual"},
		{"too many", 429, "answered 429", "wait"},
		{"redirect", 307, "redirects are not followed", "configure the right one"},
	}
	h, k := newHost(t), newHook(t, http.StatusOK)
	settle(t, h, "sam")
	h.more = "notify sms " + k.URL + "/?key=hunter2"
	config := "--config=" + h.caddyfile(t)
	h.start(t)
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k.status = tt.status
			d := examine(t, 1, config, "--send-test", "--to", "+41791234567")
			if c := d.find(t, "sms", "not sent, after"); c.Level != "fault" || !strings.Contains(c.Text, tt.text) || !strings.Contains(c.Remedy, tt.remedy) {
				t.Errorf("got %+v, want a fault with %q and the remedy %q", c, tt.text, tt.remedy)
			}
			c := examine(t, 0, config).find(t, "sms", tt.text)
			if c.Level != "warning" || c.Line == nil || c.Line.Failed != 2*(i+1) || !strings.Contains(c.Remedy, tt.remedy) {
				t.Errorf("afterwards: got %+v, want a warning with the figures and the remedy", c)
			}
		})
	}
	t.Run("budget used up", func(t *testing.T) {
		h, k := newHost(t), newHook(t, http.StatusOK)
		settle(t, h, "sam")
		h.more = "notify sms " + k.URL + " {\n budget 1 per day\n}"
		config := "--config=" + h.caddyfile(t)
		h.start(t)
		sparekey(t, "doctor", "--send-test", "--to", "+41791234567", config).want(t, 0, "")
		if c := examine(t, 1, config, "--send-test", "--to", "+41791234567").find(t, "sms", "budget"); !strings.Contains(c.Remedy, "raise budget") {
			t.Errorf("got %+v, want the remedy", c)
		}
	})
	t.Run("nothing to send with", func(t *testing.T) {
		h := newHost(t)
		settle(t, h, "sam")
		config := "--config=" + h.caddyfile(t)
		h.start(t)
		examine(t, 0, config, "--send-test").find(t, "test", "nothing to send a test message with")
		h.stop(t)
		examine(t, 1, "--data", h.data(), "--send-test").find(t, "test", "say --config FILE")
	})
}
