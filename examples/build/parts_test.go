package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// TestTheSameTreeGivesTheSameProgram, the same bill and the same licences.
func TestTheSameTreeGivesTheSameProgram(t *testing.T) {
	recoverytest.Slow(t)
	t.Parallel()
	var first [3][]byte
	for i, dir := range []string{t.TempDir(), t.TempDir()} {
		program := filepath.Join(dir, "caddy")
		cmd := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-trimpath", "-ldflags", "-w -s", "-tags", "nobadger,nomysql,nopgx", "-o", program, "./examples/caddy")
		cmd.Dir, cmd.Env = filepath.Join("..", ".."), append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if err := accompany(t.Context(), program); err != nil {
			t.Fatal(err)
		}
		for k, end := range []string{"", ".cdx.json", ".licences.txt"} {
			body, err := os.ReadFile(program + end)
			switch {
			case err != nil || len(body) == 0:
				t.Fatalf("caddy%s: got %d bytes, %v", end, len(body), err)
			case i == 0:
				first[k] = body
			case !bytes.Equal(body, first[k]):
				t.Errorf("caddy%s: two builds differ", end)
			}
		}
	}
	wantParts(t, first[1], first[2])
}

func wantParts(t *testing.T, list, texts []byte) {
	t.Helper()
	var b bill
	if err := json.Unmarshal(list, &b); err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, p := range b.Parts {
		names[p.Name] = true
		if p.Name != "stdlib" && !strings.Contains(string(texts), "===== "+p.Name+" "+p.Version+": ") {
			t.Errorf("%s: no licence", p.Name)
		}
	}
	for _, want := range []string{"stdlib", "github.com/caddyserver/caddy/v2", "go.etcd.io/bbolt", "github.com/nicholas-fedor/shoutrrr"} {
		if !names[want] {
			t.Errorf("%s is no part", want)
		}
	}
	if i := strings.Index(string(texts), "no text comes with"); i >= 0 {
		t.Errorf("a module without a licence: %s", texts[max(0, i-120):i])
	}
}
