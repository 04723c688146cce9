package boltkv

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"syscall"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// Room on the disk below which somebody should look, and nothing may fit any more.
const (
	littleRoom = 64 << 20
	noRoom     = 1 << 20
)

const makeRoom = "make room on that disk: until then nobody can sign in, and sessions go on only while nothing changes"

// Flaws implements [kv.Examined]. Where the system does not tell how much room there
// is, nothing is said.
func (d *Driver) Flaws(context.Context, time.Time) []kv.Flaw {
	folder := filepath.Dir(d.path)
	free, known := room(folder)
	if !known || free >= littleRoom {
		return nil
	}
	text := fmt.Sprintf("%d MiB are left for %s", free>>20, folder)
	if free < noRoom {
		text = "no room is left for " + folder + ": nothing can be written"
	}
	return []kv.Flaw{{About: "disk", Text: text, Remedy: makeRoom, Bad: free < noRoom}}
}

// roomless adds the remedy to an error of a full disk.
func roomless(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %s", err, makeRoom)
	}
	return err
}

var _ kv.Examined = (*Driver)(nil)
