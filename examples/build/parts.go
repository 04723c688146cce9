package main

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
	"unicode"
)

// bill is what a program is made of, in the form of CycloneDX 1.6 (an SBOM). It has
// neither date nor serial number, so that the same program has the same bill.
type bill struct {
	Format  string `json:"bomFormat"`
	Spec    string `json:"specVersion"`
	Version int    `json:"version"`
	About   struct {
		Component part `json:"component"`
	} `json:"metadata"`
	Parts []part `json:"components"`
}

type part struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Version string `json:"version,omitempty"`
	Address string `json:"purl,omitempty"` // pkg:golang/MODULE@VERSION
}

// parts lists the modules that are in a program, as its own build information does.
func parts(program string) ([]*debug.Module, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	var out []*debug.Module
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		if m.Version != "" && !strings.HasPrefix(m.Version, "(") { // else it is this tree
			out = append(out, m)
		}
	}
	return out, nil
}

func billOf(name string, modules []*debug.Module) ([]byte, error) {
	b := bill{Format: "CycloneDX", Spec: "1.6", Version: 1}
	b.About.Component = part{Type: "application", Name: name}
	for _, m := range append([]*debug.Module{{Path: "stdlib", Version: strings.TrimPrefix(goVersion(), "go")}}, modules...) {
		b.Parts = append(b.Parts, part{Type: "library", Name: m.Path, Version: m.Version, Address: "pkg:golang/" + m.Path + "@" + m.Version})
	}
	return json.MarshalIndent(b, "", "\t")
}

// goVersion is the one this command was built with, as the program is.
func goVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.GoVersion
	}
	return ""
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([.-].*)?$`)

// licences are the texts that come with each module, one after the other.
func licences(cache string, modules []*debug.Module) ([]byte, error) {
	var out bytes.Buffer
	for _, m := range modules {
		dir := filepath.Join(cache, filepath.FromSlash(escaped(m.Path))+"@"+escaped(m.Version))
		files, err := os.ReadDir(dir)
		if err != nil {
			return nil, fmt.Errorf("licence of %s: %w", m.Path, err)
		}
		found := false
		for _, f := range files {
			if f.IsDir() || !licenceFile.MatchString(f.Name()) {
				continue
			}
			text, err := os.ReadFile(filepath.Join(dir, f.Name()))
			if err != nil {
				return nil, err
			}
			found = true
			fmt.Fprintf(&out, "===== %s %s: %s\n\n%s\n\n", m.Path, m.Version, f.Name(), bytes.TrimSpace(text))
		}
		if !found {
			fmt.Fprintf(&out, "===== %s %s: no text comes with this module\n\n", m.Path, m.Version)
		}
	}
	return out.Bytes(), nil
}

// escaped is a path or version as the module cache writes it: !a for A.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		if unicode.IsUpper(r) {
			b.WriteByte('!')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// accompany writes what goes out with a program: its bill and the licences.
func accompany(ctx context.Context, program string) error {
	modules, err := parts(program)
	if err != nil {
		return err
	}
	list, err := billOf(filepath.Base(program), modules)
	if err != nil {
		return err
	}
	cache, err := exec.CommandContext(ctx, "go", "env", "GOMODCACHE").Output()
	if err != nil {
		return err
	}
	texts, err := licences(strings.TrimSpace(string(cache)), modules)
	if err != nil {
		return err
	}
	if err := os.WriteFile(program+".cdx.json", list, 0o644); err != nil { //nolint:gosec // goes out with the program
		return err
	}
	return os.WriteFile(program+".licences.txt", texts, 0o644) //nolint:gosec // as above
}
