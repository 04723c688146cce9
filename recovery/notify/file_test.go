package notify_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
)

func TestFileContent(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outbox")
	f := &notify.File{Dir: dir, Now: fixedNow}
	for _, l := range []notify.Letter{
		{Channel: "mail", To: "alice@example.net", Subject: "Clé", Text: "Bonjour\n"},
		{Channel: "sms", To: number, Text: "483911"},
	} {
		if err := f.Send(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"20260301T113000.000000000Z-mail-alice@example.net.txt": "To: alice@example.net\nSubject: Clé\n\nBonjour\n",
		"20260301T113000.000000001Z-sms-+33612345678.txt":       "To: +33612345678\nSubject: \n\n483911\n",
	} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, want)
		}
		wantMode(t, filepath.Join(dir, name), 0o600)
	}
	wantMode(t, dir, 0o700)
}

func wantMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("mode of %s: got %o, want %o", filepath.Base(path), got, want)
	}
}

func TestFileSameInstant(t *testing.T) {
	const n = 50
	f := &notify.File{Dir: t.TempDir(), Now: fixedNow}
	for i := range n {
		if err := f.Send(t.Context(), notify.Letter{Channel: "mail", To: "alice@example.net", Text: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	names := list(t, f.Dir)
	if len(names) != n {
		t.Fatalf("files: got %d, want %d", len(names), n)
	}
	for i, name := range names { // sorted by name
		content, err := os.ReadFile(filepath.Join(f.Dir, name))
		if err != nil || !strings.HasSuffix(string(content), fmt.Sprintf("\n\n%d\n", i)) {
			t.Errorf("file %d in the order of names: got %q, %v; want message %d", i, content, err, i)
		}
	}
}

func TestFileParallel(t *testing.T) {
	const n = 50
	f := &notify.File{Dir: t.TempDir(), Now: fixedNow}
	results := make(chan error, n)
	for range n {
		go func() {
			results <- f.Send(t.Context(), notify.Letter{Channel: "mail", To: "alice@example.net"})
		}()
	}
	for range n {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if got := len(list(t, f.Dir)); got != n {
		t.Errorf("files: got %d, want %d", got, n)
	}
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestFileHostileNames(t *testing.T) {
	safe := regexp.MustCompile(`^\d{8}T\d{6}\.\d{9}Z-[A-Za-z0-9@+._-]*-[A-Za-z0-9@+._-]*\.txt$`)
	for _, tt := range []struct {
		name, to, channel string
		refused           bool
	}{
		{name: "up and away", to: "../../x", channel: "mail"},
		{name: "absolute", to: "/etc/passwd", channel: "mail"},
		{name: "backslash", to: `..\..\x`, channel: "mail"},
		{name: "drive", to: "C:x", channel: "mail"},
		{name: "shell", to: "$(id)`id`;*?", channel: "mail"},
		{name: "other scripts", to: "zoé@例え.jp", channel: "mail"},
		{name: "escape", to: "a\x1b[2J\u202e@x", channel: "mail"},
		{name: "not UTF-8", to: "\xff\xfe", channel: "mail"},
		{name: "long", to: strings.Repeat("a", 5000), channel: "mail"},
		{name: "empty", channel: "mail"},
		{name: "channel", to: "a@example.net", channel: "../mail"},
		{name: "NUL", to: "a\x00b", channel: "mail", refused: true},
		{name: "line break", to: "a\nSubject: b", channel: "mail", refused: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parent := t.TempDir()
			f := &notify.File{Dir: filepath.Join(parent, "deep", "outbox"), Now: fixedNow}
			err := f.Send(t.Context(), notify.Letter{Channel: tt.channel, To: tt.to})
			if tt.refused {
				if !errors.Is(err, notify.ErrPermanent) {
					t.Errorf("Send: got %v, want a permanent error", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			names := list(t, f.Dir)
			if len(names) != 1 || !safe.MatchString(names[0]) || len(names[0]) > 200 {
				t.Errorf("files: got %q, want one with a safe name", names)
			}
			if got := list(t, parent); !slices.Equal(got, []string{"deep"}) {
				t.Errorf("files outside: got %q", got)
			}
		})
	}
}

func TestFileFailures(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, dir, subject string
		permanent          bool
	}{
		{name: "folder is a file", dir: file},
		{name: "no folder", permanent: true},
		{name: "line break in subject", dir: t.TempDir(), subject: "a\nb", permanent: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &notify.File{Dir: tt.dir, Now: time.Now}
			wantError(t, "Send", f.Send(t.Context(), notify.Letter{To: "alice@example.net", Subject: tt.subject}), "file:", tt.permanent)
		})
	}
}
