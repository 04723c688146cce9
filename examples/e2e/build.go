package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build compiles examples/caddy into dir and returns the path of the binary.
// With CADDY set in the environment it compiles nothing and returns that path.
// It must run in the folder of this package, as tests do.
func Build(dir string) (string, error) {
	if path := os.Getenv("CADDY"); path != "" {
		return filepath.Abs(path)
	}
	return build(filepath.Join(dir, "caddy"), "")
}

// BuildLab compiles examples/caddy with the tag lab.
func BuildLab(dir string) (string, error) { return build(filepath.Join(dir, "lab"), ",lab") }

// ReleaseGo is a go command with the flags of a release. Not with the race
// detector, even when the tests have it: time-outs are those of a release, and
// "make test" has compiled all of Caddy in this way already.
func ReleaseGo(ctx context.Context, moreTags string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-buildvcs=false -race=false -trimpath -tags=nobadger,nomysql,nopgx"+moreTags)
	return cmd
}

func build(path, moreTags string) (string, error) {
	if out, err := ReleaseGo(context.Background(), moreTags, "build", "-o", path, "../caddy").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the development Caddy: %w\n%s", err, out)
	}
	return path, nil
}
