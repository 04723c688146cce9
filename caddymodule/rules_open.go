package caddymodule

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// Opening is what passes without a login.
type Opening struct {
	// Methods that pass. Default: GET and HEAD.
	Methods []string `json:"methods,omitempty"`

	// Paths from the beginning: /hook is that path, /public/* is all below
	// /public/.
	Paths []string `json:"paths"`
}

const openForm = "open [METHOD...] /PATH..."

// open reads a line, of which there may be several.
func (s *SiteRules) open(d *caddyfile.Dispenser) error {
	o := Opening{Paths: d.RemainingArgs()}
	for len(o.Paths) > 0 && isMethod(o.Paths[0]) {
		o.Methods, o.Paths = append(o.Methods, o.Paths[0]), o.Paths[1:]
	}
	if len(o.Paths) == 0 {
		return reads(d, openForm)
	}
	if slices.ContainsFunc(s.Open, o.repeats) {
		return d.Errf("open is there twice with %s: write it once", o.Paths[0])
	}
	s.Open = append(s.Open, o)
	for _, path := range o.Paths {
		if err := judgeOpen(path); literal(path) && err != nil {
			return d.WrapErr(err)
		}
	}
	return nil
}

func (o Opening) repeats(other Opening) bool {
	return slices.Equal(o.Methods, other.Methods) && o.Paths[0] == other.Paths[0]
}

func isMethod(word string) bool {
	return word != "" && !strings.ContainsFunc(word, func(c rune) bool { return c < 'A' || c > 'Z' })
}

func (s *SiteRules) loadOpen(rules *guard.Rules) error {
	for _, o := range s.Open {
		opening := guard.Opening{Methods: o.Methods}
		for _, word := range o.Paths {
			path, err := replaced("open", word)
			if err == nil {
				err = judgeOpen(path)
			}
			if err != nil {
				return err
			}
			opening.Paths = append(opening.Paths, path)
		}
		if i := slices.IndexFunc(o.Methods, func(m string) bool { return !isMethod(m) }); i >= 0 || len(o.Paths) == 0 {
			return fmt.Errorf("open needs paths, and methods in capitals: write %s", openForm)
		}
		rules.Open = append(rules.Open, opening)
	}
	return nil
}

// judgeOpen refuses a path that opens everything, or none that judgePath takes.
func judgeOpen(path string) error {
	if path == "/" || path == "/*" {
		return fmt.Errorf("open %s: that is the whole site: take sparekey out where nobody has to sign in, or name the paths that pass", path)
	}
	if isMethod(path) || !strings.HasPrefix(path, "/") {
		return fmt.Errorf("open %s: a path begins with a slash, and a method is written in capitals: write %s", path, openForm)
	}
	return judgePath("open", path)
}

// judgePath refuses a path of a rule that is not anchored, that readers might read
// in another way, or that is of our own pages.
func judgePath(word, path string) error {
	exact, below := strings.CutSuffix(path, "/*")
	canonical, ok := web.Canonical(exact)
	switch {
	case !strings.HasPrefix(path, "/"):
		return fmt.Errorf("%s %s: a path begins with a slash", word, path)
	case path == "/", path == "/*":
		return nil
	case !ok || canonical != exact || (&url.URL{Path: exact}).EscapedPath() != exact, !below && strings.HasSuffix(path, "/"):
		return fmt.Errorf("%s %s: write one path, such as /hook, or all below one, such as /public/*; of letters, digits and -._~@$+,=& only", word, path)
	case strings.HasPrefix(exact+"/", web.Prefix):
		return fmt.Errorf("%s %s: the pages of sparekey decide for themselves who sees them: take it out", word, path)
	}
	return nil
}
