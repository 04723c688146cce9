package caddymodule

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// protection is what a gate protects: requests that one of its matcher sets
// matches, in any reading; without any set, all.
type protection struct {
	sets   caddyhttp.MatcherSets
	target bool // they look at more than the host
}

// widened is a set in which /admin/* means /admin too, and a path by itself what
// has a slash at its end. Inside not that would open more, and there it is not so.
func widened(set caddy.ModuleMap) caddy.ModuleMap {
	var words []string
	if json.Unmarshal(set["path"], &words) != nil || len(words) == 0 {
		return set
	}
	for _, word := range words {
		bare := strings.TrimSuffix(strings.TrimSuffix(word, "*"), "/")
		switch {
		case bare == "":
		case !strings.HasSuffix(word, "*"):
			words = append(words, bare, bare+"/")
		case strings.HasSuffix(word, "/*"):
			words = append(words, bare)
		}
	}
	out := maps.Clone(set)
	out["path"] = caddyconfig.JSON(words, nil)
	return out
}

// of tells whether a request is protected. Each reading of its path is tried, each
// method as it is and in capitals: if any of it is protected, the request is, and
// so is one that is not clear.
func (p protection) of(r, first *http.Request, paths []string) bool {
	if !p.target {
		return p.asked(r, first, r.URL)
	}
	if len(paths) == 0 || p.asked(r, first, r.URL) || p.asked(r, first, first.URL) {
		return true
	}
	u := new(url.URL)
	for _, u.Path = range paths {
		if u.Path != r.URL.Path && p.asked(r, first, u) {
			return true
		}
	}
	return false
}

// asked tells whether a request would be protected at an address.
func (p protection) asked(r, first *http.Request, u *url.URL) bool {
	at := *r
	at.URL = u
	methods := [...]string{r.Method, first.Method, strings.ToUpper(r.Method)}
	for i, method := range methods {
		if slices.Contains(methods[:i], method) {
			continue
		}
		at.Method = method
		if ok, err := p.sets.AnyMatchWithError(&at); ok || err != nil {
			return true
		}
	}
	return false
}

// judgeMatch refuses matchers by which it cannot be seen in the configuration what
// is open.
func judgeMatch(sets []caddy.ModuleMap) error {
	for _, set := range sets {
		for _, name := range slices.Sorted(maps.Keys(set)) {
			if err := judgeMatcher(name, set[name], true); err != nil {
				return err
			}
		}
	}
	return nil
}

func judgeMatcher(name string, raw json.RawMessage, outermost bool) error {
	switch name {
	case "host", "path", "method":
		return judgeWords(name, raw)
	case "not":
		var inside []caddy.ModuleMap
		if !outermost || json.Unmarshal(raw, &inside) != nil {
			return fmt.Errorf("the matcher of sparekey: not stands around host, path and method alone")
		}
		for _, set := range inside {
			for _, name := range slices.Sorted(maps.Keys(set)) {
				if err := judgeMatcher(name, set[name], false); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return fmt.Errorf("the matcher of sparekey may hold host, path, method, and not around these, and this one holds %s: "+
		"write what shall be open into a handle block of its own, where everybody sees it: handle @open { ... } and handle { sparekey ... }", name)
}

// judgeWords refuses what the client would choose, and the path that people take
// for all of a site.
func judgeWords(name string, raw json.RawMessage) error {
	var words []string
	if err := json.Unmarshal(raw, &words); err != nil {
		return fmt.Errorf("the matcher of sparekey: %s: %w", name, err)
	}
	for _, word := range words {
		switch {
		case !constant(word):
			return fmt.Errorf("the matcher of sparekey: %s %s: a placeholder of the request lets its sender choose what is protected; write it out", name, word)
		case name == "path" && word == "/":
			return fmt.Errorf("the matcher of sparekey: path / is the start page alone; write sparekey without a matcher to protect the whole site")
		}
	}
	return nil
}

// constant tells that all placeholders of a word are of the environment.
func constant(word string) bool {
	for _, part := range strings.Split(word, "{")[1:] {
		if !strings.HasPrefix(part, "env.") && !strings.HasPrefix(part, "file.") && !strings.HasPrefix(part, "system.") {
			return false
		}
	}
	return true
}

// beyondHosts tells whether matchers look at path or method.
func beyondHosts(set caddy.ModuleMap) bool {
	for name := range set {
		if name == "path" || name == "method" {
			return true
		}
	}
	var inside []caddy.ModuleMap
	return json.Unmarshal(set["not"], &inside) == nil && slices.ContainsFunc(inside, beyondHosts)
}
