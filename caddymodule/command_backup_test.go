//go:build unix

package caddymodule_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/kv/kvtest"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// sealedBackup is where a backup and its passphrase lie.
type sealedBackup struct{ file, phrase string }

// backupAt seals in a folder, with a passphrase that is long enough.
func backupAt(t *testing.T, folder string) sealedBackup {
	t.Helper()
	if testing.Short() {
		t.Skip("a passphrase costs a second each time")
	}
	b := sealedBackup{filepath.Join(folder, "backup"), filepath.Join(folder, "phrase")}
	write(t, b.phrase, "correct horse battery\n")
	return b
}

// do runs "backup FILE" or "restore FILE" with the passphrase.
func (b sealedBackup) do(t *testing.T, verb, config string) result {
	t.Helper()
	return sparekey(t, verb, b.file, "--passphrase-file", b.phrase, config)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// cleanHost is a host on which Caddy was started once and stopped.
func cleanHost(t *testing.T, edit func(*host)) (h *host, config string) {
	t.Helper()
	h = newHost(t)
	edit(h)
	h.start(t)
	h.stop(t)
	return h, "--config=" + h.caddyfile(t)
}

func TestBackupAndRestore(t *testing.T) {
	recoverytest.Alone(t)
	moves(t, false)
}

func TestSoakBackupAndBack(t *testing.T) {
	if os.Getenv("SPAREKEY_SOAK") == "" {
		t.Skip("long: make soak runs it")
	}
	moves(t, true)
}

// moves brings a backup of a Caddy that runs on a file back on another host, into a
// Redis, and then one of that into a file again. A store in use, or that has somebody,
// takes none.
func moves(t *testing.T, back bool) {
	t.Helper()
	server := kvtest.StartRedis(t)
	h := newHost(t)
	b := backupAt(t, h.folder)
	h.seedPerson(t, recoverytest.Alice())
	h.start(t)
	config := "--config=" + h.caddyfile(t)
	b.do(t, "backup", config).want(t, 0, "asked the running Caddy")
	if info, err := os.Stat(b.file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want mode 600", info, err)
	}
	b.do(t, "restore", config).want(t, 1, "a Caddy uses this store")
	h.stop(t)
	b.do(t, "restore", config).want(t, 1, "there are accounts in this store already")

	to, there := cleanHost(t, func(h *host) {
		h.store, h.socket = "redis "+server.URL(), filepath.Join(h.folder, "xdg/caddy/sparekey/run/redis.sock")
	})
	b.do(t, "restore", there).want(t, 0, "writing into")
	to.start(t)
	p := decode[personJSON](t, sparekey(t, "user", "show", "alice", "--json", there))
	if p.State != "active" || p.CodesLeft == 0 || len(p.Sessions) != 0 || len(p.Devices) != 0 {
		t.Errorf("got %+v, want Alice with her codes and without sessions", p)
	}
	if out := sparekey(t, "doctor", there).out; !strings.Contains(out, "recovery codes that need the keys of a backup") {
		t.Errorf("doctor: got %s, want that the codes of before need a key of before", out)
	}
	sparekey(t, "audit", "--verify", there).want(t, 0, "")
	if !back {
		return
	}
	b.do(t, "backup", there).want(t, 0, "asked the running Caddy")
	to.stop(t)

	_, third := cleanHost(t, func(*host) {})
	b.do(t, "restore", third).want(t, 0, "writing into")
	if out := sparekey(t, "user", "list", third).want(t, 0, "").out; !strings.Contains(out, "alice") || !strings.Contains(out, "active") {
		t.Errorf("got %s, want Alice", out)
	}
}

// Whatever is wrong with a backup or its passphrase is said, and changes nothing.
func TestBackupsThatAreRefused(t *testing.T) {
	recoverytest.Alone(t)
	h := newHost(t)
	b := backupAt(t, h.folder)
	h.seed(t)
	config := "--config=" + h.caddyfile(t)
	sparekey(t, "backup", b.file, config).want(t, 1, "no passphrase")
	b.do(t, "backup", config).want(t, 0, "no Caddy is running here")
	whole, err := os.ReadFile(b.file)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(whole, []byte("alice")) || bytes.Contains(whole, []byte(h.secret)) {
		t.Error("the file can be read")
	}
	to, there := cleanHost(t, func(*host) {})
	restore := func(text string) result {
		t.Helper()
		write(t, b.file, text)
		return b.do(t, "restore", there)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-5] ^= 1
	restore(string(flipped)).want(t, 1, "nothing was changed")
	restore("PK").want(t, 1, "no backup of Sparekey")
	write(t, b.phrase, "too short\n")
	b.do(t, "backup", config).want(t, 1, "fewer than 12 characters")
	restore(string(whole)).want(t, 1, "the passphrase is not the one of this file")
	if keys, err := filepath.Glob(filepath.Join(to.data(), "restored*")); err != nil || len(keys) > 0 {
		t.Errorf("got %q, %v, want no key of a backup that was refused", keys, err)
	}
	if out := sparekey(t, "user", "list", there).out; strings.Contains(out, "alice") {
		t.Errorf("got %s, want nobody", out)
	}
}
