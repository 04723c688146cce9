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
	return build(filepath.Join(dir, "caddy"))
}

// BuildLab compiles examples/caddy with the tag lab.
func BuildLab(dir string) (string, error) { return build(filepath.Join(dir, "lab"), "-tags", "lab") }

func build(path string, flags ...string) (string, error) {
	// Not with the race detector, even when the tests have it: time-outs are
	// those of a release.
	args := append([]string{"build", "-race=false", "-o", path}, flags...)
	if out, err := exec.Command("go", append(args, "../caddy")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the development Caddy: %w\n%s", err, out)
	}
	return path, nil
}
