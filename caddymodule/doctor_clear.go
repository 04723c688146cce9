package caddymodule

import "strings"

// clearChecks tells what the word insecure accepts.
func (a *App) clearChecks() []check {
	modules := []any{a.store, a.Passwords}
	for _, n := range a.senders {
		modules = append(modules, n)
	}
	var out []check
	for _, m := range modules {
		if x, ok := m.(inClear); ok && x.InClear() != "" {
			what, remedy, _ := strings.Cut(strings.TrimPrefix(x.InClear(), "notify "), ": use ")
			out = append(out, check{"insecure", levelWarning, what, "use " + remedy, nil})
		}
	}
	return out
}
