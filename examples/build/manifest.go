package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
)

// manifest is xcaddy.json: the keys of xcaddy's own Builder, and a description
// for people and catalogues.
type manifest struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	License     string `json:"license"`
	Caddy       struct {
		ModuleIDs []string `json:"module_ids"`
		Directive string   `json:"directive"`
	} `json:"caddy"`

	CaddyVersion string        `json:"caddy_version"`
	Plugins      []plugin      `json:"plugins"`
	Replacements []replacement `json:"replacements"`
	BuildFlags   string        `json:"build_flags"`
}

type plugin struct {
	ModulePath string `json:"module_path"`
	Version    string `json:"version"` // empty: the newest, or what a replacement holds
}

type replacement struct {
	Old string `json:"old"`
	New string `json:"new"`
}

// read reads the manifest. A key it does not know is an error: the build would
// leave out what the key asks for.
func read(path string) (*manifest, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	m := new(manifest)
	if err := d.Decode(m); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if m.CaddyVersion == "" || len(m.Plugins) == 0 {
		return nil, fmt.Errorf("%s: caddy_version and plugins are needed", path)
	}
	return m, nil
}

// xcaddy returns the arguments of xcaddy for this build. With local false
// replacements are left out: that is the line for people who have no copy of
// this tree.
func (m *manifest) xcaddy(local bool) []string {
	args := []string{"build", m.CaddyVersion}
	for _, p := range m.Plugins {
		with := p.ModulePath
		if p.Version != "" {
			with += "@" + p.Version
		}
		for _, r := range m.Replacements {
			if local && r.Old == p.ModulePath {
				with += "=" + r.New
			}
		}
		args = append(args, "--with", with)
	}
	return args
}

// plain returns the arguments of go for the same build of this tree. The
// versions are those of go.mod then, which a test holds to the manifest's.
func (m *manifest) plain(output string) ([]string, error) {
	if len(m.Plugins) != 1 || len(m.Replacements) != 1 || m.Replacements[0] != (replacement{m.Plugins[0].ModulePath, "."}) {
		return nil, errors.New("without xcaddy only one plugin can be built, replaced by this folder")
	}
	flags, err := words(m.BuildFlags)
	if err != nil {
		return nil, err
	}
	args := append([]string{"build", "-buildvcs=false", "-o", output}, flags...)
	return append(args, "./examples/caddy"), nil
}

// words splits at blanks; single quotes keep them.
func words(s string) ([]string, error) {
	var out []string
	var word strings.Builder
	quoted, begun := false, false
	for _, r := range s {
		switch {
		case r == '\'':
			quoted, begun = !quoted, true
		case r == ' ' && !quoted:
			if begun {
				out = append(out, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if quoted {
		return nil, errors.New("build_flags: a quote is not closed")
	}
	if begun {
		out = append(out, word.String())
	}
	return out, nil
}
