package e2e_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
)

// caddy is the path of the binary under test, built once for all tests.
var caddy string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "e2e-build")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if caddy, err = e2e.Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
