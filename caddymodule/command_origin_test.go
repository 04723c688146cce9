package caddymodule_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOriginFromConfiguration(t *testing.T) {
	t.Setenv("SPAREKEY_TEST_DOMAIN", "photos.example.com")
	h := newHost(t)
	h.start(t)
	h.stop(t)
	app := `"sparekey":{"store":{"store":"file","path":"` + h.data() + `/sparekey.db"}}`
	ours := `{"handle":[{"handler":"sparekey"}]}`
	tests := []struct {
		name, servers, want string
	}{
		{"host", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["photos.example.com"]}],"handle":[{"handler":"subroute","routes":[` + ours + `]}]}]}`, "https://photos.example.com"},
		{"other port", `"a":{"listen":[":8443"],"routes":[{"match":[{"host":["photos.example.com"]}],"handle":[{"handler":"sparekey"}]}]}`, "https://photos.example.com:8443"},
		{"plain http", `"a":{"listen":[":8080"],"automatic_https":{"disable":true},"routes":[{"match":[{"host":["localhost"]}],"handle":[{"handler":"sparekey"}]}]}`, "http://localhost:8080"},
		{"https is preferred", `"a":{"listen":[":80"],"routes":[{"match":[{"host":["a.example"]}],"handle":[{"handler":"sparekey"}]}]},
			"b":{"listen":[":443"],"routes":[{"match":[{"host":["b.example"]}],"handle":[{"handler":"sparekey"}]}]}`, "https://b.example"},
		{"two addresses of a site", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["a.example"],"path":["/x"]},{"host":["b.example"]}],"handle":[{"handler":"sparekey"}]}]}`, "https://a.example"},
		{"named route", `"a":{"listen":[":443"],"named_routes":{"gate":` + ours + `},"routes":[{"match":[{"host":["a.example"]}],"handle":[{"handler":"invoke","name":"gate"}]}]}`, "https://a.example"},
		{"not ours", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["other.example"]}],"handle":[{"handler":"static_response"}]}]}`, ""},
		{"placeholder", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["{env.SPAREKEY_TEST_DOMAIN}"]}],"handle":[{"handler":"sparekey"}]}]}`, "https://photos.example.com"},
		{"IPv6", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["2001:db8::1"]}],"handle":[{"handler":"sparekey"}]}]}`, "https://[2001:db8::1]"},
		{"inside a wildcard", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["*.example.com"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"host":["photos.example.com"]}],"handle":[{"handler":"sparekey"}]}]}]}]}`, "https://photos.example.com"},
		{"inside a wildcard by two sets", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["*.example.com"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"host":["photos.example.com"]},{"host":["files.example.com"],"path":["/x"]}],"handle":[{"handler":"sparekey"}]}]}]}]}`, "https://photos.example.com"},
		{"inside a wildcard, one set for any host", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["*.example.com"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"host":["photos.example.com"]},{"method":["GET"]}],"handle":[{"handler":"sparekey"}]}]}]}]}`, ""},
		{"inside a site of another name", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["*.example.com"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"host":["evil.example"]}],"handle":[{"handler":"sparekey"}]}]}]}]}`, ""},
		{"inside a wildcard, in a not", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["*.example.com"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"not":[{"host":["photos.example.com"]}]}],"handle":[{"handler":"sparekey"}]}]}]}]}`, ""},
		{"inside a wildcard, a wildcard", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["*.example.com"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"host":["*.example.com"]}],"handle":[{"handler":"sparekey"}]}]}]}]}`, ""},
		{"inside a wildcard, what is asked", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["*.example.com"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"host":["{http.request.host}"]}],"handle":[{"handler":"sparekey"}]}]}]}]}`, ""},
		{"inside a wildcard, in other letters", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["*.example"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"host":["b\u00fccher.example"]}],"handle":[{"handler":"sparekey"}]}]}]}]}`, "https://xn--bcher-kva.example"},
		{"inside a wildcard, by its own matcher", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["*.example.com"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"method":["GET"]}],"handle":[{"handler":"sparekey","match":[{"host":["photos.example.com"],"path":["/x"]}]}]}]}]}]}`, "https://photos.example.com"},
		{"by its own matcher, of another name", `"a":{"listen":[":443"],"routes":[{"match":[{"host":["*.example.com"]}],"handle":[{"handler":"subroute","routes":[{"match":[{"method":["GET"]}],"handle":[{"handler":"sparekey","match":[{"host":["evil.example"]}]}]}]}]}]}`, ""},
		{"behind a tunnel", `"a":{"listen":[":8080"],"trusted_proxies":{"source":"static","ranges":["172.18.0.2"]},"automatic_https":{"disable":true},
			"routes":[{"match":[{"host":["photos.example.com"]}],"handle":[{"handler":"sparekey"}]}]}`, "https://photos.example.com"},
		{"behind a tunnel on this machine", `"a":{"listen":[":8080"],"trusted_proxies":{"source":"static","ranges":["172.18.0.2"]},"automatic_https":{"disable":true},
			"routes":[{"match":[{"host":["photos.localhost"]}],"handle":[{"handler":"sparekey"}]}]}`, "http://photos.localhost:8080"},
		{"a socket behind a proxy", `"a":{"listen":["unix//run/caddy.sock"],"trusted_proxies_unix":true,"automatic_https":{"disable":true},
			"routes":[{"match":[{"host":["photos.example.com"]}],"handle":[{"handler":"sparekey"}]}]}`, "https://photos.example.com"},
		{"no host", `"a":{"listen":[":443"],"routes":[` + ours + `]}`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(h.folder, "config.json")
			if err := os.WriteFile(path, []byte(`{"apps":{`+app+`,"http":{"servers":{`+tt.servers+`}}}}`), 0o600); err != nil {
				t.Fatal(err)
			}
			r := sparekey(t, "setup-link", "--config", path).want(t, 0, "")
			if !strings.HasPrefix(r.out, tt.want+"/.sparekey/setup#") {
				t.Errorf("got %q, want origin %q", r.out, tt.want)
			}
			if hint := strings.Contains(r.said, "put the address of your site in front"); hint != (tt.want == "") {
				t.Errorf("got %q, want the hint only without an origin", r.said)
			}
		})
	}
}

// TestTheAddressIsWritten: the log, the commands of a running Caddy and those of a
// stopped one name it, whatever the site is called. Placeholders lead to their
// value everywhere: no folder is called after one.
func TestTheAddressIsWritten(t *testing.T) {
	h := newHost(t)
	t.Setenv("SPAREKEY_TEST_DOMAIN", "photos.example.com")
	t.Setenv("SPAREKEY_TEST_FOLDER", h.folder)
	t.Setenv("SPAREKEY_TEST_GROUP", "family")
	h.store = "file {env.SPAREKEY_TEST_FOLDER}/data/sparekey.db"
	h.gate = "{\n\t\tallow {env.SPAREKEY_TEST_GROUP}\n\t}"
	h.more = `url https://{env.SPAREKEY_TEST_DOMAIN}:8443/
		name {env.SPAREKEY_TEST_DOMAIN}
		help {env.SPAREKEY_TEST_GROUP}
		templates {env.SPAREKEY_TEST_FOLDER}
		notify file {env.SPAREKEY_TEST_FOLDER}/out`
	h.start(t)
	const want = "https://photos.example.com:8443/.sparekey/setup#"
	log, err := os.ReadFile(filepath.Join(h.folder, "log"))
	if err != nil || !strings.Contains(string(log), want) {
		t.Errorf("got log %s, %v, want a link that begins with %s", log, err, want)
	}
	config := "--config=" + h.caddyfile(t)
	for _, said := range []string{"asked the running Caddy at " + h.socket, "opening " + filepath.Join(h.data(), "sparekey.db")} {
		if r := sparekey(t, "setup-link", config).want(t, 0, said); !strings.HasPrefix(r.out, want) {
			t.Errorf("%s: got %q, want %s", said, r.out, want)
		}
		sparekey(t, "user", "add", "family", config).want(t, 1, "is the name of a group")
		h.stop(t)
	}
	for _, folder := range []string{".", h.folder} {
		if odd, err := filepath.Glob(filepath.Join(folder, "*{*")); err != nil || len(odd) > 0 {
			t.Errorf("%s holds %q, %v", folder, odd, err)
		}
	}
}
