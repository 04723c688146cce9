package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// stampLayout has a fixed width down to the nanosecond, so that the names of
// files sort by time.
const stampLayout = "20060102T150405.000000000Z"

// maxNamePart bounds what an address adds to a file name, in bytes. File
// systems allow 255 for the whole name.
const maxNamePart = 100

// File writes every letter into a file of its own, for trying things out, for
// tests, and for hosts where another program sends what lies in a folder.
//
// The name is TIME-CHANNEL-TO.txt; the content is a line "To:", a line
// "Subject:", an empty line and the text. The folder is made with mode 0700,
// the files have 0600. A file appears under its name only when it is complete.
// All failures but a line break in To or Subject are temporary.
type File struct {
	// Dir is the folder. It is made when it does not exist. Required.
	Dir string
	// Now gives the time in the name. Default: time.Now.
	Now func() time.Time

	mu   sync.Mutex
	last time.Time
}

// Send writes the letter.
func (f *File) Send(_ context.Context, l Letter) error {
	if f.Dir == "" {
		return permanentf("file: no folder is set")
	}
	if err := errors.Join(oneLine("to", l.To), oneLine("subject", l.Subject)); err != nil {
		return permanentf("file: %w", err)
	}
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return marked(FaultFolder, fmt.Errorf("file: %w", err))
	}
	name := f.stamp().Format(stampLayout) + "-" + safeName(l.Channel) + "-" + safeName(l.To) + ".txt"
	text := "To: " + l.To + "\nSubject: " + l.Subject + "\n\n" + l.Text
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return f.write(name, text)
}

func (f *File) write(name, text string) error {
	temp, err := os.CreateTemp(f.Dir, ".message-*") // mode 0600
	if err != nil {
		return marked(FaultFolder, fmt.Errorf("file: %w", withoutPath(err)))
	}
	_, err = temp.WriteString(text)
	err = errors.Join(err, temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), filepath.Join(f.Dir, name))
	}
	if err != nil {
		_ = os.Remove(temp.Name())
		return marked(FaultFolder, fmt.Errorf("file: %w", withoutPath(err)))
	}
	return nil
}

// stamp gives the time, moved on by a nanosecond when it was given before: names
// must differ, and their order is the order of sending.
func (f *File) stamp() time.Time {
	now := time.Now
	if f.Now != nil {
		now = f.Now
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	t := now().UTC()
	if !t.After(f.last) {
		t = f.last.Add(time.Nanosecond)
	}
	f.last = t
	return t
}

// safeName leaves of an address what may stand in a file name anywhere. What is
// replaced cannot make two names equal: the time in front differs.
func safeName(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("@+-._", r):
			return r
		}
		return '_'
	}, s)
	return s[:min(len(s), maxNamePart)]
}

// withoutPath drops file names from an error: they hold the address.
func withoutPath(err error) error {
	var link *os.LinkError
	if errors.As(err, &link) {
		return fmt.Errorf("%s: %w", link.Op, link.Err)
	}
	var path *os.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %w", path.Op, path.Err)
	}
	return err
}

var _ Sender = (*File)(nil)
