//go:build unix && !linux

package caddymodule_test

import "testing"

func smallDisk(t *testing.T, _ string) {
	t.Helper()
	t.Skip("no disk of its own here")
}
