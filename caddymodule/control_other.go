//go:build !unix

package caddymodule

import "os"

// Windows keeps a user's folders from others by access lists, which have no
// mode and are inherited from the profile.
func ours(os.FileInfo) bool { return true }

func wide(os.FileInfo) bool { return false }

func isRoot() bool { return false }

func handOver(*os.File) error { return nil }
