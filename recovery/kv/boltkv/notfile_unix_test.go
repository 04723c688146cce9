//go:build unix

package boltkv_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv/boltkv"
)

// What stands in the place of the store may be waited on for ever, or do
// something when it is opened, so it is refused unopened.
func TestWhatIsNoFileIsRefused(t *testing.T) {
	tests := map[string]struct {
		says string
		put  func(path string) error
	}{
		"named pipe": {"a named pipe", func(path string) error { return syscall.Mkfifo(path, 0o600) }},
		"socket": {"a socket", func(path string) error {
			var config net.ListenConfig
			l, err := config.Listen(t.Context(), "unix", path)
			if err == nil {
				t.Cleanup(func() { l.Close() })
			}
			return err
		}},
		"device":   {"a device", func(path string) error { return os.Symlink("/dev/zero", path) }},
		"terminal": {"a device", func(path string) error { return os.Symlink("/dev/tty", path) }},
		"folder":   {"a folder", func(path string) error { return os.Mkdir(path, 0o700) }},
		"link to a named pipe": {"a named pipe", func(path string) error {
			return errors.Join(syscall.Mkfifo(path+".pipe", 0o600), os.Symlink(path+".pipe", path))
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			folder, err := os.MkdirTemp("", "sk") // short, for the socket
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { os.RemoveAll(folder) })
			path := filepath.Join(folder, "store")
			if err := test.put(path); err != nil {
				t.Fatal(err)
			}
			err = openInTime(t, path)
			if !errors.Is(err, boltkv.ErrNotFile) || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want it refused as %s", err, test.says)
			}
		})
	}
}

// openInTime opens a store and fails the test rather than wait for it.
func openInTime(t *testing.T, path string) error {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		d, err := boltkv.Open(path, boltkv.Options{})
		if err == nil {
			err = errors.Join(errors.New("it was opened"), d.Close())
		}
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("still waiting after ten seconds")
		return nil
	}
}
