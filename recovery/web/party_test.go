package web_test

import (
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/web"
)

func TestWhereThereArePasskeys(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ origin, wider, want string }{
		{"https://photos.example.com", "", "photos.example.com"},
		{"https://photos.example.com:8443", "", "photos.example.com"},
		{"https://Photos.Example.com", "", "photos.example.com"},
		{"https://example.com", "", "example.com"},
		{"https://alice.duckdns.org", "", "alice.duckdns.org"},
		{"https://photos.example.com", "example.com", "example.com"},
		{"https://example.com", "example.com", "example.com"},
		{"https://a.b.example.com:444", "b.example.com", "b.example.com"},
		{"https://photos.example.org", "example.com", "photos.example.org"},
		{"https://notexample.com", "example.com", "notexample.com"},
		{"http://localhost:8080", "", "localhost"},
		{"https://photos.localhost", "", "photos.localhost"},
		{"http://photos.localhost:8080", "example.com", "photos.localhost"},

		{"http://photos.example.com", "", ""},
		{"http://photos.example.com", "example.com", ""},
		{"https://192.168.1.5", "", ""},
		{"https://192.168.1.5:8443", "", ""},
		{"https://[fd00::5]", "", ""},
		{"http://127.0.0.1:8080", "", ""},
		{"https://nas.lan", "", ""},
		{"https://nas", "", ""},
		{"https://nas.local", "", ""},
		{"https://duckdns.org", "", ""},
		{"https://example.com.", "", ""},
		{"https://", "", ""},
		{"", "", ""},
		{"photos.example.com", "", ""},
		{"https://%zz", "", ""},
	} {
		if got := web.PasskeyDomain(tt.origin, tt.wider); got != tt.want {
			t.Errorf("%s, passkeys %q: got %q, want %q", tt.origin, tt.wider, got, tt.want)
		}
	}
}
