package caddymodule

import (
	"net/url"
	"slices"
	"testing"
)

// TestExplainKnowsHostsBehindAnotherProxy: by the rules they are asked by, and by
// no others.
func TestExplainKnowsHostsBehindAnotherProxy(t *testing.T) {
	t.Parallel()
	o := &operations{app: &App{Forwarding: Forwarding{Sites: []*ForwardedSite{
		{Host: "photos.example.com", SiteRules: SiteRules{Allow: []string{"family"}}, Line: "Caddyfile:3"},
	}}}}
	for _, tt := range []struct {
		address string
		gates   int
	}{
		{"https://photos.example.com/album", 1},
		{"https://photos.example.com:443/", 1},
		{"https://photos.example.com:8443/", 0},
		{"http://photos.example.com/", 0},
		{"https://other.example.com/", 0},
	} {
		u, err := url.Parse(tt.address)
		if err != nil {
			t.Fatal(err)
		}
		gates, err := o.gatesAt(u, &explainArguments{Method: "GET"})
		if err != nil || len(gates) != tt.gates {
			t.Errorf("%s: got %d gates, %v, want %d", tt.address, len(gates), err, tt.gates)
		}
		if len(gates) == 1 && (gates[0].line != "Caddyfile:3" || !slices.Equal(gates[0].question.Rules.Allow, []string{"family"})) {
			t.Errorf("%s: got %+v, want the rules of the site", tt.address, gates[0])
		}
	}
}
