package figures_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-sparekey/sparekey/caddymodule/figures"
)

// description is what one metric says of itself.
type description struct {
	name, help string
	labels     []string
}

// described reads what the library says of its descriptions, which it tells nobody in
// another way.
func described(t *testing.T) []description {
	t.Helper()
	form := regexp.MustCompile(`^Desc\{fqName: "([^"]*)", help: "([^"]*)", .*variableLabels: \{([^}]*)\}\}$`)
	found := make(chan *prometheus.Desc, 100)
	figures.New(time.Now).Describe(found)
	close(found)
	var out []description
	for d := range found {
		m := form.FindStringSubmatch(d.String())
		if m == nil {
			t.Fatalf("a description of another form: %s", d)
		}
		out = append(out, description{m[1], m[2], strings.FieldsFunc(m[3], func(c rune) bool { return c == ',' })})
	}
	return out
}
