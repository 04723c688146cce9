package caddymodule

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// file is something on the disk that is nobody else's business.
type file struct {
	path string
	want fs.FileMode
	deep level // when others may read it; that they may change it is a fault always
}

// fileChecks looks at the modes of what lies on this machine. What is not there
// is told by other checks.
func fileChecks(a *App) []check {
	folder := a.store.Folder()
	files := []file{{folder, 0o700, levelWarning}}
	if len(a.Secrets) == 0 {
		files = append(files, file{filepath.Join(folder, keyFile), 0o600, levelFault})
	}
	if s, ok := a.store.(*FileStore); ok {
		files = append(files, file{s.Path, 0o600, levelFault}) // it is not opened as long as others may
	}
	for _, n := range a.senders {
		if f, ok := n.(*FileNotifier); ok {
			files = append(files, file{f.Dir, 0o700, levelFault}) // codes and links lie there
		}
	}
	var out []check
	for _, f := range files {
		if c := f.check(); c != nil {
			out = append(out, *c)
		}
	}
	if out == nil {
		out = append(out, fine("files", "%s and what is in it is for its owner only", folder))
	}
	return out
}

// check is nil when nothing is wrong.
func (f file) check() *check {
	info, err := os.Stat(f.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return &check{"files", levelWarning, err.Error(), "run this as the user Caddy runs as", nil}
	case !wide(info):
		return nil
	}
	c := &check{
		"files", f.deep, fmt.Sprintf("%s may be read by others (mode %04o)", f.path, info.Mode().Perm()),
		fmt.Sprintf("chmod %o %s", f.want, f.path), nil,
	}
	if info.Mode().Perm()&0o022 != 0 {
		c.Level, c.Text = levelFault, fmt.Sprintf("%s may be changed by others (mode %04o)", f.path, info.Mode().Perm())
	}
	return c
}
