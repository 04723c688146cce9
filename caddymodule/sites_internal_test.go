package caddymodule

import (
	"slices"
	"testing"
)

// TestOriginsAreAsBrowsersWriteThem: placeholders replaced, IPv6 in brackets,
// international names in ASCII; what is no name goes into no link.
func TestOriginsAreAsBrowsersWriteThem(t *testing.T) {
	t.Setenv("SPAREKEY_TEST_DOMAIN", "photos.example.com")
	t.Setenv("SPAREKEY_TEST_PORT", "8443")
	for _, tt := range []struct{ name, scheme, host, listen, want string }{
		{"name", "https", "photos.example.com", ":443", "https://photos.example.com"},
		{"http", "http", "photos.example.com", ":80", "http://photos.example.com"},
		{"another port", "https", "photos.example.com", "0.0.0.0:8443", "https://photos.example.com:8443"},
		{"capitals", "https", "Photos.Example.com", ":443", "https://photos.example.com"},
		{"international", "https", "bücher.example", ":443", "https://xn--bcher-kva.example"},
		{"placeholder", "https", "{env.SPAREKEY_TEST_DOMAIN}", ":443", "https://photos.example.com"},
		{"placeholder for the port", "https", "photos.example.com", ":{env.SPAREKEY_TEST_PORT}", "https://photos.example.com:8443"},
		{"IPv4", "http", "192.0.2.7", ":8080", "http://192.0.2.7:8080"},
		{"IPv6", "https", "2001:db8::1", ":443", "https://[2001:db8::1]"},
		{"IPv6 in brackets", "https", "[2001:DB8:0::1]", ":443", "https://[2001:db8::1]"},
		{"IPv6 with a port", "http", "::1", "[::1]:8080", "http://[::1]:8080"},
		{"wildcard", "https", "*.example.com", ":443", ""},
		{"any host", "https", "", ":443", ""},
		{"placeholder of nothing", "https", "{env.SPAREKEY_TEST_UNSET}", ":443", ""},
		{"placeholder of a request", "https", "{http.request.host}", ":443", ""},
		{"socket", "http", "photos.example.com", "unix//run/caddy.sock", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var s sites
			s.add(tt.scheme, tt.host, tt.listen)
			if got := s.first(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if nameless := tt.want == "" && tt.name != "socket"; s.unnamed != nameless {
				t.Errorf("got unnamed %v, want %v", s.unnamed, nameless)
			}
		})
	}
}

// TestTheWrittenAddressIsPreferred, once.
func TestTheWrittenAddressIsPreferred(t *testing.T) {
	s := sites{origins: []string{"https://a.example", "https://photos.example.com"}}
	s.prefer("https://photos.example.com/")
	if want := []string{"https://photos.example.com", "https://a.example"}; !slices.Equal(s.origins, want) {
		t.Errorf("got %q, want %q", s.origins, want)
	}
	s.prefer("")
	s.prefer("{env.SPAREKEY_TEST_UNSET}")
	if s.first() != "https://photos.example.com" || len(s.origins) != 2 {
		t.Errorf("got %q, want no change", s.origins)
	}
}
