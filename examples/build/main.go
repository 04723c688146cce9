// Command build makes a Caddy with Sparekey as xcaddy.json describes it: with
// xcaddy where it is installed, else the same build through plain go.
//
//	go run ./examples/build [-o FILE]
//
// Beside FILE it writes what goes out with it: FILE.cdx.json, the modules it is made
// of (CycloneDX), and FILE.licences.txt. The same tree gives the same three files.
//
// It must run in the top folder of this tree.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
)

func main() {
	output := flag.String("o", filepath.Join(".bin", "caddy"), "file to write")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := build(ctx, *output); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func build(ctx context.Context, output string) error {
	m, err := read("xcaddy.json")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(output), 0o755); err != nil { //nolint:gosec // holds programs, no secrets
		return err
	}
	cmd, err := m.command(ctx, output)
	if err != nil {
		return err
	}
	fmt.Println("running:", line(cmd.Args))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	if err := accompany(ctx, output); err != nil {
		return err
	}
	info, err := os.Stat(output)
	if err != nil {
		return err
	}
	fmt.Printf("built %s, %.1f MB. Without a copy of this tree:\n\n  %s\n\n",
		output, float64(info.Size())/1e6, line(append([]string{"xcaddy"}, m.xcaddy(false)...)))
	return nil
}

// command is the build, by xcaddy or by go.
func (m *manifest) command(ctx context.Context, output string) (*exec.Cmd, error) {
	env := append(os.Environ(), "CGO_ENABLED=0")
	if path, err := exec.LookPath("xcaddy"); err == nil {
		cmd := exec.CommandContext(ctx, path, append(m.xcaddy(true), "--output", output)...) //nolint:gosec // our own manifest
		cmd.Env = append(env, "XCADDY_GO_BUILD_FLAGS="+m.BuildFlags)
		return cmd, nil
	}
	args, err := m.plain(output)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // our own manifest
	cmd.Env = env
	return cmd, nil
}

// line shows a command as one would type it.
func line(args []string) string {
	var out []string
	for _, a := range args {
		if strings.ContainsRune(a, ' ') {
			a = "'" + a + "'"
		}
		out = append(out, a)
	}
	return strings.Join(out, " ")
}
