package e2e

import (
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
	path := filepath.Join(dir, "caddy")
	// Not with the race detector, even when the tests have it: time-outs are
	// those of a release.
	build := exec.Command("go", "build", "-race=false", "-o", path, "../caddy")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the development Caddy: %w\n%s", err, out)
	}
	return path, nil
}
