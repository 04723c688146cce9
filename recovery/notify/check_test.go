package notify_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// TestChecksSendNothing: a check reaches the server, and no request does.
func TestChecksSendNothing(t *testing.T) {
	g, encrypted := newGateway(t), httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(encrypted.Close)
	host := strings.TrimPrefix(g.URL, "http://")
	dir := filepath.Join(t.TempDir(), "not", "yet")
	readOnly := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(readOnly, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	type checker interface{ Check(context.Context) error }
	for _, tt := range []struct {
		name   string
		sender checker
		want   string // part of the error; empty: fine
	}{
		{"sms", &notify.SMS{URL: secret.Text(g.URL + "/{to}?key=" + apiKey)}, ""},
		{"webhook", &notify.Webhook{URL: secret.Text(g.URL), Secret: hookSecret}, ""},
		{"ntfy", &notify.Push{URL: secret.Text("ntfy://" + host + "/topic?scheme=http")}, ""},
		{"gotify", &notify.Push{URL: secret.Text("gotify://" + host + "/AbCdEfGhIjKlMn1?DisableTLS=Yes")}, ""},
		{"push to whom we do not know", &notify.Push{URL: "pushover://shoutrrr:token@user"}, notify.ErrUnchecked.Error()},
		{"folder", &notify.File{Dir: t.TempDir()}, ""},
		{"folder not made yet", &notify.File{Dir: dir}, ""},
		{"sms, nobody listens", &notify.SMS{URL: secret.Text("http://" + closedPort() + "/?key=" + apiKey)}, "connection refused"},
		{"sms, certificate", &notify.SMS{URL: secret.Text(encrypted.URL + "/?key=" + apiKey)}, "certificate"},
		{"webhook, no such name", &notify.Webhook{URL: "https://hook.invalid/" + apiKey, Secret: hookSecret}, "no such host"},
		{"ntfy, nobody listens", &notify.Push{URL: secret.Text("ntfy://" + closedPort() + "/topic?scheme=http")}, "connection refused"},
		{"folder below a file", &notify.File{Dir: filepath.Join(readOnly, "x")}, "not a directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.sender.Check(t.Context())
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
			noSecrets(t, err)
		})
	}
	if got := g.count(); got != 0 {
		t.Errorf("requests at the gateway: got %d, want 0", got)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the check made the folder")
	}
}
