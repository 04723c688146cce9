package breached

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

const (
	hashDigits = 40
	longest    = 64   // bytes of a line: hash, colon, 20 digits, CR, LF
	looked     = 1000 // lines that Check reads
)

// File is a file of lines HASH:COUNT or HASH, sorted by the hash. It is opened
// for each question, so that it can be replaced, and never read whole: the one
// that is published has 40 GB.
type File struct {
	Path string
}

// Check looks at the first lines. Its errors say what to do.
func (f File) Check() error {
	file, _, err := f.open()
	if err != nil {
		return err
	}
	defer file.Close()
	before, n := "", 0
	for lines := bufio.NewScanner(file); n < looked && lines.Scan(); n++ {
		hash, _, err := parse(lines.Text(), hashDigits)
		switch {
		case err != nil:
			return fmt.Errorf("%s: line %d is not the SHA-1 of a password, HASH:COUNT: unpack the file, and take the one of SHA-1, not of NTLM", f.Path, n+1)
		case hash <= before:
			return fmt.Errorf("%s: line %d is not sorted by hash: take the file ordered by hash, or sort it with: LC_ALL=C sort -u", f.Path, n+1)
		}
		before = hash
	}
	if n == 0 {
		return fmt.Errorf("%s is empty or no text: put the file of hashes there", f.Path)
	}
	return nil
}

// open refuses what is no file: a named pipe would make the start wait for ever.
func (f File) open() (*os.File, int64, error) {
	info, err := os.Stat(f.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, 0, fmt.Errorf("%s: there is no such file: put it there, or name another", f.Path)
	case err != nil:
		return nil, 0, fmt.Errorf("%w: let the user Caddy runs as read it", err)
	case !info.Mode().IsRegular():
		return nil, 0, fmt.Errorf("%s is not a file: name the file of hashes", f.Path)
	}
	file, err := os.Open(f.Path)
	if err != nil {
		return nil, 0, fmt.Errorf("%w: let the user Caddy runs as read it", err)
	}
	return file, info.Size(), nil
}

// Has implements Source.
func (f File) Has(ctx context.Context, hash string) (bool, error) {
	file, size, err := f.open()
	if err != nil {
		return false, err
	}
	defer file.Close()
	found, err := search(ctx, file, size, hash)
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", f.Path, err)
	}
	return found, nil
}

// search halves the places where the hash can begin.
func search(ctx context.Context, r io.ReaderAt, size int64, hash string) (bool, error) {
	for from, to := int64(0), size; from < to; {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		middle := from + (to-from)/2
		line, begin, err := lineFrom(r, middle)
		if err != nil {
			return false, err
		}
		if begin >= to {
			to = middle
			continue
		}
		there, _, err := parse(line, hashDigits)
		switch {
		case err != nil:
			return false, err
		case there == hash:
			return true, nil
		case there < hash:
			from = begin + int64(len(line)) + 1
		default:
			to = middle
		}
	}
	return false, nil
}

// lineFrom is the first line that begins at a place of the file or behind it, and
// where it begins: the end of the file, if there is none.
func lineFrom(r io.ReaderAt, place int64) (line string, begin int64, err error) {
	start := max(0, place-1)
	buf := make([]byte, 2*longest+1)
	n, err := r.ReadAt(buf, start)
	end := errors.Is(err, io.EOF)
	if err != nil && !end {
		return "", 0, err
	}
	text := buf[:n]
	if place > 0 {
		_, rest, found := bytes.Cut(text, []byte("\n"))
		if !found && !end {
			return "", 0, errLine
		}
		text = rest
	}
	first, _, ended := bytes.Cut(text, []byte("\n"))
	if !ended && !end {
		return "", 0, errLine
	}
	return string(first), start + int64(n-len(text)), nil
}

var _ Source = File{}
