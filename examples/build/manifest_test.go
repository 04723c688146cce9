package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// In this package, because a command cannot be imported.

func TestLines(t *testing.T) {
	m, err := read("../../xcaddy.json")
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/caddy-sparekey/sparekey"
	plain, err := m.plain("out")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		got  []string
		want []string
	}{
		{"published", m.xcaddy(false), []string{"build", m.CaddyVersion, "--with", module}},
		{"this tree", m.xcaddy(true), []string{"build", m.CaddyVersion, "--with", module + "=."}},
		{"plain go", plain, []string{
			"build", "-buildvcs=false", "-o", "out", "-trimpath", "-ldflags", "-w -s", "-tags", "nobadger,nomysql,nopgx", "./examples/caddy",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !slices.Equal(tt.got, tt.want) {
				t.Errorf("got %q, want %q", tt.got, tt.want)
			}
		})
	}
}

func TestPlainRefuses(t *testing.T) {
	const a, b = "example.org/a", "example.org/b"
	for _, tt := range []struct {
		name string
		m    manifest
	}{
		{"a second plugin", manifest{Plugins: []plugin{{ModulePath: a}, {ModulePath: b}}, Replacements: []replacement{{a, "."}}}},
		{"no replacement", manifest{Plugins: []plugin{{ModulePath: a}}}},
		{"another folder", manifest{Plugins: []plugin{{ModulePath: a}}, Replacements: []replacement{{a, "../a"}}}},
		{"an open quote", manifest{Plugins: []plugin{{ModulePath: a}}, Replacements: []replacement{{a, "."}}, BuildFlags: "-ldflags '-w"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if args, err := tt.m.plain("out"); err == nil {
				t.Errorf("got %q, want an error", args)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	for _, tt := range []struct {
		name string
		text string
		want string
	}{
		{"a key nobody acts on", `{"caddy_version":"v2","plugins":[{"module_path":"a"}],"race_detector":true}`, "race_detector"},
		{"no plugin", `{"caddy_version":"v2"}`, "plugins"},
		{"no JSON", `caddy_version: v2`, "invalid character"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "xcaddy.json")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := read(path)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one that names %q", err, tt.want)
			}
		})
	}
}
