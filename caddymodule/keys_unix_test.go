//go:build unix

package caddymodule

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAPipeInTheKeysPlaceIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), keyFile)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := generatedKey(path)
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), path+" is not a file") {
			t.Errorf("got %v, want it refused", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting after ten seconds")
	}
}

func TestALinkToNothingInTheKeysPlaceIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), keyFile)
	if err := os.Symlink(filepath.Join(t.TempDir(), "nothing"), path); err != nil {
		t.Fatal(err)
	}
	if _, err := generatedKey(path); err == nil || !strings.Contains(err.Error(), "link to nothing") {
		t.Errorf("got %v, want it refused", err)
	}
}
