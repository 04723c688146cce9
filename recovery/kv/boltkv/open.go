package boltkv

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

const (
	lockTimeout = 2 * time.Second
	sweepEvery  = time.Minute
	folderMode  = 0o700
	fileMode    = 0o600
)

// Open opens the file at path. If there is none it is created, 0600, with its
// folder, 0700. The error is [ErrDamaged], [ErrInUse], [ErrPermissions] or
// [ErrNotFile], with the name of the file and what to do about it, or that of
// the operating system.
func Open(path string, o Options) (*Driver, error) {
	db, file, err := openPath(path)
	if err != nil {
		return nil, fmt.Errorf("open the store %s: %w", path, explain(err))
	}
	d := &Driver{path: path, now: o.Now, logger: o.Logger, db: db, file: file, writer: make(chan struct{}, 1)}
	if d.now == nil {
		d.now = time.Now
	}
	if d.logger == nil {
		d.logger = slog.New(slog.DiscardHandler)
	}
	if o.SweepEvery <= 0 {
		o.SweepEvery = sweepEvery
	}
	ctx, stop := context.WithCancel(context.Background())
	d.stopSweeper = stop
	d.sweeper.Go(supervise.Func(d.logger, "the sweeper", func() { d.sweep(ctx, o.SweepEvery) }))
	return d, nil
}

// CheckPath refuses what [Open] would refuse of what lies at path, without opening
// or making anything. What this user may not look at is for another to judge.
func CheckPath(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil:
		err = checkInfo(info)
	case errors.Is(err, syscall.ENOTDIR):
		err = fmt.Errorf("%w: a part of its path is a file", ErrNotFile)
	default: // there is none yet, or it is another's
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the store %s: %w", path, explain(err))
	}
	return nil
}

func openPath(path string) (*bolt.DB, *os.File, error) {
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		if err := create(path); err != nil {
			return nil, nil, fmt.Errorf("create it: %w", roomless(err))
		}
	case err == nil && !info.Mode().IsRegular():
		return nil, nil, notFile(info) // before it is opened: a pipe would wait for a writer, and a device may do anything
	}
	if err := checkLocked(path); err != nil {
		return nil, nil, err
	}
	return openBolt(path, bolt.Options{})
}

// create makes an empty store under another name and then links it to path: a
// crash on the way leaves no file that is refused for ever, and of two
// processes that start at the same time neither replaces the other's.
func create(path string) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, folderMode); err != nil {
		return err
	}
	f, err := os.CreateTemp(folder, "."+filepath.Base(path)+".new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := f.Close(); err != nil {
		return err
	}
	db, err := bolt.Open(f.Name(), fileMode, &bolt.Options{Timeout: lockTimeout})
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bolt.Tx) error {
		_, err := tx.CreateBucket([]byte(bucket))
		return err
	})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w (the store needs a local file system with hard links and file locks)", err)
	}
	return syncFolder(folder)
}

func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be flushed there
	}
	f, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// checkLocked looks for damage while no other process can write. It opens the
// file read-only for the lock alone: so bbolt has parsed nothing but the meta
// pages before check has seen every page.
func checkLocked(path string) error {
	db, file, err := openBolt(path, bolt.Options{ReadOnly: true})
	if err != nil {
		return err
	}
	err = check(file)
	return errors.Join(err, db.Close())
}

// openBolt opens and locks an existing file.
func openBolt(path string, o bolt.Options) (db *bolt.DB, file *os.File, err error) {
	o.Timeout = lockTimeout
	o.OpenFile = func(name string, flag int, mode fs.FileMode) (*os.File, error) {
		var err error
		file, err = openFile(name, flag&^os.O_CREATE, mode)
		return file, err
	}
	err = guard(func() (err error) {
		db, err = bolt.Open(path, fileMode, &o)
		return err
	})
	if err == nil {
		return db, file, nil
	}
	if file != nil {
		_ = file.Close() // after a panic bbolt has not done so, and the lock must go
	}
	return nil, nil, err
}

// openFile keeps bbolt from seeing a file that it would fill or that others
// can read.
func openFile(name string, flag int, mode fs.FileMode) (*os.File, error) {
	f, err := os.OpenFile(name, flag, mode)
	if err != nil {
		return nil, err
	}
	if err := checkFile(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func checkFile(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return checkInfo(info)
}

func checkInfo(info fs.FileInfo) error {
	switch {
	case !info.Mode().IsRegular():
		return notFile(info)
	case info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows": // which has no such bits
		return fmt.Errorf("%w: its mode is %#o", ErrPermissions, info.Mode().Perm())
	case info.Size() == 0:
		return fmt.Errorf("%w: it is empty", ErrDamaged) // bbolt would make a new store of it
	}
	return nil
}

// notFile is an [ErrNotFile] that says what is there.
func notFile(info fs.FileInfo) error {
	what := "of another kind"
	switch mode := info.Mode(); {
	case mode.IsDir():
		what = "a folder"
	case mode&fs.ModeNamedPipe != 0:
		what = "a named pipe"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	case mode&fs.ModeDevice != 0:
		what = "a device"
	}
	return fmt.Errorf("%w: it is %s", ErrNotFile, what)
}

// explain adds to an error what to do about it.
func explain(err error) error {
	var system syscall.Errno
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return fmt.Errorf("%w: stop that one first, or give this one a file of its own", ErrInUse)
	case errors.Is(err, ErrPermissions):
		return fmt.Errorf("%w: make sure that nobody has read it, then take the rights of group and others away (chmod 600)", err)
	case errors.Is(err, ErrNotFile):
		return fmt.Errorf("%w: move it away, or name another place", err)
	case errors.As(err, &system) && !errors.Is(err, ErrDamaged):
		return err
	default:
		return damaged(err) // bbolt has many words for it, not all of them exported
	}
}

// damaged makes err an [ErrDamaged] and adds the remedy.
func damaged(err error) error {
	if errors.Is(err, ErrDamaged) {
		return fmt.Errorf("%w: %s", err, remedy)
	}
	return fmt.Errorf("%w: %w: %s", ErrDamaged, err, remedy)
}

const remedy = "keep a copy of it, check the disk and restore the newest backup; " +
	"it is never replaced by an empty store, in which the next visitor could become the first admin"
