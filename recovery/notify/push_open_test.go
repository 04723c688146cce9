package notify_test

import (
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// TestPushOpen knows by which words services do without encryption, or its check.
func TestPushOpen(t *testing.T) {
	for address, want := range map[string]bool{
		"ntfy://ntfy.sh/topic":                                false,
		"ntfy://push.example/topic?scheme=https":              false,
		"ntfy://push.example/topic?scheme=http":               true,
		"ntfy://push.example/topic?Scheme=HTTP":               true,
		"ntfy://push.example/topic?disabletlsverification=1":  true,
		"ntfy://localhost:8080/topic?scheme=http":             false,
		"gotify://push.example/AbCdEfGhIjKlMn1":               false,
		"gotify://push.example/AbCdEfGhIjKlMn1?disabletls=no": false,
		"gotify://push.example/AbCdEf?disabletls=Yes":         true,
		"gotify://127.0.0.1:80/AbCdEf?disabletls=yes":         false,
		"matrix://bot:pass@push.example/?disableTLS=true":     true,
		"generic://push.example/in?disabletls=yes":            true,
		"generic+http://push.example/in":                      true,
		"generic+https://push.example/in":                     false,
		"smtp://a:b@mail.example/?encryption=None&to=c@d.e":   true,
	} {
		if got := (&notify.Push{URL: secret.Text(address)}).Open(); got != want {
			t.Errorf("%s: got %v, want %v", address, got, want)
		}
	}
}
