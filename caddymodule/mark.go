package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/caddyserver/caddy/v2"
)

// markFile keeps the marks of stores in Caddy's config folder, where a restore of
// the data folder does not bring back the one of before. It is not sealed: it
// only raises an alarm.
type markFile struct{ path string }

func newMarkFile() markFile {
	return markFile{filepath.Join(caddy.AppConfigDir(), "sparekey", "marks.json")}
}

// markFileOfCommand is the same for a command, which root may run for the system's
// service.
func markFileOfCommand() markFile {
	folder := whichFolder(filepath.Dir(newMarkFile().path), systemConfig)
	return markFile{filepath.Join(folder, filepath.Base(newMarkFile().path))}
}

var markLock sync.Mutex //nolint:gochecknoglobals // one file for all configurations of the process

func (f markFile) read() (map[string]uint64, error) {
	marks := map[string]uint64{}
	text, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return marks, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &marks)
	}
	if err != nil {
		return nil, fmt.Errorf("mark file %s: %w", f.path, err)
	}
	return marks, nil
}

// Seen implements engine.Outside.
func (f markFile) Seen(store string) (uint64, error) {
	markLock.Lock()
	defer markLock.Unlock()
	marks, err := f.read()
	return marks[store], err
}

// Note implements engine.Outside. A file that cannot be read is made anew.
func (f markFile) Note(store string, n uint64) error {
	markLock.Lock()
	defer markLock.Unlock()
	marks, err := f.read()
	if err != nil {
		marks = map[string]uint64{}
	}
	marks[store] = max(marks[store], n)
	if err := f.write(marks); err != nil {
		return fmt.Errorf("mark file: %w", err)
	}
	return nil
}

func (f markFile) write(marks map[string]uint64) error {
	text, err := json.Marshal(marks)
	if err != nil {
		return err
	}
	folder := filepath.Dir(f.path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	temp, err := os.CreateTemp(folder, ".marks-*") // 0600 by itself
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) //nolint:errcheck // gone already when all went well
	_, err1 := temp.Write(text)
	if err := errors.Join(err1, handOver(temp), temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Rename(temp.Name(), f.path)
}
