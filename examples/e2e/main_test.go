package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/caddy-sparekey/sparekey/examples/e2e"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// Built once for all tests, in the folder builds.
var (
	builds string
	caddy  string // the path of the binary under test
	// labCaddy is one with a movable clock; see caddymodule/lab.go.
	labCaddy = sync.OnceValues(func() (string, error) { return e2e.BuildLab(builds) })
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	if flag.Parse(); testing.Short() {
		return m.Run() // every test is left out then
	}
	dir, err := os.MkdirTemp("", "e2e-build")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	defer recoverytest.EndCaddys()
	builds = dir
	if caddy, err = e2e.Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
