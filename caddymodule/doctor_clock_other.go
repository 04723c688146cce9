//go:build !linux

package caddymodule

// clockLeft is not known here.
func clockLeft() bool { return false }
