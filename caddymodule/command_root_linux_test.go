package caddymodule_test

import (
	"context"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// otherUser is one that nobody here is.
const otherUser = 65534

// ofOther gives a folder to the other user.
func ofOther(t *testing.T, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, otherUser, otherUser)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// service runs Caddy as the other user, until stop.
func (h *host) service(t *testing.T, program, config string) (stop func()) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), program, "run", "--config", config, "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), asCaddy+"=1", "HOME="+h.folder)
	cmd.Dir = h.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: otherUser, Gid: otherUser}}
	if err := cmd.Start(); err != nil {
		t.Skipf("no process of another user can be made here: %v", err)
	}
	ended := false
	stop = func() {
		if !ended {
			ended = true
			_ = cmd.Process.Signal(syscall.SIGTERM)
			_ = cmd.Wait()
		}
	}
	t.Cleanup(stop)
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if res, err := http.Get(h.origin() + "/.sparekey/healthz"); err == nil { //nolint:noctx // a test
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return stop
			}
		}
		if time.Now().After(end) {
			log, _ := os.ReadFile(filepath.Join(h.folder, "log"))
			t.Fatalf("the service does not answer: %s", log)
		}
	}
}

// TestRescueAsRoot beside a Caddy that runs as its own user, and while it is stopped: it
// works, and leaves nothing behind that the service could not open.
func TestRescueAsRoot(t *testing.T) {
	recoverytest.SlowAlone(t)
	if os.Geteuid() != 0 {
		t.Skip("not root")
	}
	for _, store := range []string{"file", "redis"} {
		t.Run(store, func(t *testing.T) {
			h := newHost(t)
			if store == "redis" {
				h.store = "redis " + kvtest.StartRedis(t).URL()
			}
			h.seed(t)
			config := h.caddyfile(t)
			own, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			program := filepath.Join(h.folder, "caddy") // where the other user may go
			text, err := os.ReadFile(own)
			if err == nil {
				err = os.WriteFile(program, text, 0o755) //nolint:gosec // a program
			}
			if err != nil {
				t.Fatal(err)
			}
			ofOther(t, h.folder)
			stop := h.service(t, program, config)
			sparekey(t, "rescue", "alice", "--config", config).want(t, 0, "asked the running Caddy")
			stop()
			sparekey(t, "rescue", "alice", "--config", config).want(t, 0, "no Caddy is running here")
			sparekey(t, "restore", "--accept-old", "--config", config).want(t, 0, "")
			sparekey(t, "user", "unlock", "alice", "--reason=because of this", "--config", config).want(t, 0, "")
			h.wantOther(t)
			h.service(t, program, config)()
		})
	}
}

// wantOther wants all that is here to be the service's.
func (h *host) wantOther(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(h.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if s, ok := info.Sys().(*syscall.Stat_t); err == nil && ok && s.Uid != otherUser {
			t.Errorf("%s is root's", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
