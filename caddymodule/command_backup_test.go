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

// A backup of a Caddy that runs on a file is brought back on another host, into a
// Redis; whatever is wrong with the file is said, and changes nothing.
func TestBackupAndRestore(t *testing.T) {
	if testing.Short() {
		t.Skip("a passphrase costs a second each time")
	}
	server := kvtest.StartRedis(t)
	h := newHost(t)
	h.seedPerson(t, recoverytest.Alice())
	h.start(t)
	file, phrase := filepath.Join(h.folder, "backup"), filepath.Join(h.folder, "phrase")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	config := "--config=" + h.caddyfile(t)
	backup := func(passphrase string) result {
		t.Helper()
		write(phrase, passphrase+"\n")
		return sparekey(t, "backup", file, "--passphrase-file", phrase, config)
	}
	backup("too short").want(t, 1, "fewer than 12 characters")
	sparekey(t, "backup", file, config).want(t, 1, "no passphrase")
	backup("correct horse battery").want(t, 0, "asked the running Caddy")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(file); info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %o", info.Mode().Perm())
	}
	if bytes.Contains(whole, []byte("alice")) || bytes.Contains(whole, []byte(h.secret)) {
		t.Error("the file can be read")
	}
	sparekey(t, "restore", file, "--passphrase-file", phrase, config).want(t, 1, "a Caddy uses this store")
	h.stop(t)
	sparekey(t, "restore", file, "--passphrase-file", phrase, config).want(t, 1, "there are accounts in this store already")

	to := newHost(t)
	to.store, to.socket = "redis "+server.URL(), filepath.Join(to.folder, "xdg/caddy/sparekey/run/redis.sock")
	to.start(t)
	to.stop(t)
	there := "--config=" + to.caddyfile(t)
	restore := func(text []byte) result {
		t.Helper()
		write(file, string(text))
		return sparekey(t, "restore", file, "--passphrase-file", phrase, there)
	}
	flipped := bytes.Clone(whole)
	flipped[len(flipped)-5] ^= 1
	restore(flipped).want(t, 1, "nothing was changed")
	restore(whole[:len(whole)-1]).want(t, 1, "nothing was changed")
	restore([]byte("PK")).want(t, 1, "no backup of Sparekey")
	write(phrase, "another passphrase\n")
	restore(whole).want(t, 1, "the passphrase is not the one of this file")
	if keys, err := os.ReadDir(filepath.Join(to.folder, "xdg", "caddy", "sparekey")); err == nil && strings.Contains(names(keys), "restored.keys") {
		t.Error("keys were kept of a backup that was refused")
	}

	write(phrase, "correct horse battery\n")
	restore(whole).want(t, 0, "writing into")
	people := sparekey(t, "user", "list", there).want(t, 0, "").out
	if !strings.Contains(people, "alice") || !strings.Contains(people, "active") {
		t.Errorf("got %s, want Alice", people)
	}
	restore(whole).want(t, 1, "there are accounts in this store already")
	to.start(t)
	p := decode[personJSON](t, sparekey(t, "user", "show", "alice", "--json", there))
	if p.State != "active" || p.CodesLeft == 0 || len(p.Sessions) != 0 || len(p.Devices) != 0 {
		t.Errorf("got %+v, want Alice with her codes and without sessions", p)
	}
}

func names(list []os.DirEntry) string {
	var out []string
	for _, e := range list {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}
