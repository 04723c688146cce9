package web_test

import (
	"os"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	recoverytest.EndCaddys()
	os.Exit(code)
}
