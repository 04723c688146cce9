package caddymodule_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestOriginFromConfiguration(t *testing.T) {
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
