package breached

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// stolen is how passwords 0 to n-1 stand in a file.
func stolen(n int, form string) string {
	var lines []string
	for i := range n {
		lines = append(lines, Hash(fmt.Sprint("stolen", i)))
	}
	slices.Sort(lines)
	for i := range lines {
		lines[i] = fmt.Sprintf(form, lines[i], i*i*i+1)
	}
	return strings.Join(lines, "")
}

func fileOf(t *testing.T, text string) File {
	t.Helper()
	f := File{filepath.Join(t.TempDir(), "hashes.txt")}
	if err := os.WriteFile(f.Path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestEveryHashIsFound in files of every form, and no other.
func TestEveryHashIsFound(t *testing.T) {
	t.Parallel()
	for name, form := range map[string]string{
		"as published": "%s:%d\r\n", "unix": "%s:%d\n", "no counts": "%s:%d\n", "lower case": "%s:%d\n",
	} {
		for _, n := range []int{1, 2, 3, 300} {
			text := stolen(n, form)
			switch name {
			case "lower case":
				text = strings.ToLower(text)
			case "no counts":
				text = noCounts(text)
			}
			for _, text := range []string{text, strings.TrimSuffix(text, "\n")} {
				f := fileOf(t, text)
				if err := f.Check(); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				for i := range 2 * n {
					found, err := f.Has(t.Context(), Hash(fmt.Sprint("stolen", i)))
					if err != nil || found != (i < n) {
						t.Fatalf("%s, %d of %d: got %v, %v", name, i, n, found, err)
					}
				}
			}
		}
	}
}

func noCounts(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		hash, _, _ := strings.Cut(line, ":")
		b.WriteString(hash + "\n")
	}
	return b.String()
}

// counting counts what is read.
type counting struct {
	io.ReaderAt
	reads, bytes int
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	c.reads, c.bytes = c.reads+1, c.bytes+len(p)
	return c.ReaderAt.ReadAt(p, at)
}

// TestTheFileIsNotReadWhole: a question reads some lines of it.
func TestTheFileIsNotReadWhole(t *testing.T) {
	t.Parallel()
	text := stolen(20_000, "%s:%d\r\n")
	for i := range 100 {
		r := &counting{ReaderAt: strings.NewReader(text)}
		found, err := search(t.Context(), r, int64(len(text)), Hash(fmt.Sprint("stolen", i*397)))
		if err != nil || found != (i*397 < 20_000) || r.reads > 22 || r.bytes > 4<<10 {
			t.Fatalf("got %v, %v, %d reads of %d bytes in a file of %d", found, err, r.reads, r.bytes, len(text))
		}
	}
}

// TestWhatIsNoFileOfHashesIsRefused, with what to do.
func TestWhatIsNoFileOfHashesIsRefused(t *testing.T) {
	t.Parallel()
	good := stolen(3, "%s:%d\n")
	for name, tc := range map[string]struct{ text, want string }{
		"empty":             {"", "is empty"},
		"passwords":         {"hunter2\nhunter3\n", "line 1 is not the SHA-1"},
		"NTLM":              {good[8:], "not of NTLM"},
		"packed":            {"7z\xbc\xaf\x27\x1c\x00\x04" + strings.Repeat("\x80", 300), "unpack"},
		"one endless line":  {strings.Repeat("A", 1<<17), "no text"},
		"ordered by count":  {good + good, "line 4 is not sorted by hash"},
		"a line twice":      {good[:43] + good, "line 2 is not sorted by hash: take the file ordered by hash"},
		"a word in between": {good + "hunter2\n", "line 4 is not"},
		"no count":          {strings.Replace(good, ":1\n", ":one\n", 1), "line 1 is not"},
	} {
		err := fileOf(t, tc.text).Check()
		if err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: got %v, want %q", name, err, tc.want)
		}
	}
	for path, want := range map[string]string{filepath.Join(t.TempDir(), "none"): "there is no such file", t.TempDir(): "is not a file"} {
		if err := (File{path}).Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

// TestAFaultTellsNoPlace: where the search stood says as much as the hash.
func TestAFaultTellsNoPlace(t *testing.T) {
	t.Parallel()
	good := []byte(stolen(1000, "%s:%d\n"))
	for name, spoilt := range map[string][]byte{
		"another text": bytes.ReplaceAll(good, []byte("A"), []byte("x")),
		"zeros":        make([]byte, 1<<16),
	} {
		f := fileOf(t, string(spoilt))
		found, err := f.Has(t.Context(), Hash("stolen1"))
		if found || err == nil || strings.ContainsAny(strings.TrimPrefix(err.Error(), f.Path), "12356789") || !strings.HasPrefix(err.Error(), f.Path) {
			t.Errorf("%s: got %v, %v", name, found, err)
		}
	}
	f := fileOf(t, string(good))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if found, err := f.Has(ctx, Hash("stolen1")); found || err == nil {
		t.Errorf("without time: got %v, %v", found, err)
	}
	if err := os.Remove(f.Path); err != nil {
		t.Fatal(err)
	}
	if found, err := f.Has(t.Context(), Hash("stolen1")); found || err == nil {
		t.Errorf("without the file: got %v, %v", found, err)
	}
}
