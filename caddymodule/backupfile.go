package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// backupHead is the first value of a backup.
type backupHead struct {
	ID    string    `json:"id"`
	Made  time.Time `json:"made"`
	Roots [][]byte  `json:"roots"` // root keys, newest first: recovery codes can be checked with no other
}

// backupLine is each further value: a record, or how many there were.
type backupLine struct {
	*kv.Carried
	End *int `json:"end,omitempty"`
}

// backupWriter writes the values of a backup.
type backupWriter struct {
	to  io.WriteCloser
	out *json.Encoder
	n   int
}

func newBackup(to io.Writer, passphrase string, cost secret.HashParams, head backupHead) (*backupWriter, error) {
	vault, err := secret.SealVault(to, passphrase, cost)
	if err != nil {
		return nil, err
	}
	w := &backupWriter{to: vault, out: json.NewEncoder(vault)}
	return w, w.out.Encode(head)
}

func (w *backupWriter) add(c kv.Carried) error {
	w.n++
	return w.out.Encode(backupLine{Carried: &c})
}

func (w *backupWriter) end() error {
	return errors.Join(w.out.Encode(backupLine{End: &w.n}), w.to.Close())
}

var errNoBackup = errors.New("the file holds no whole backup")

// readBackup reads a backup: the head at once, the records as they are asked for.
func readBackup(vault io.Reader) (backupHead, iter.Seq2[kv.Carried, error], error) {
	in := json.NewDecoder(vault)
	var head backupHead
	if err := in.Decode(&head); err != nil || head.ID == "" || len(head.Roots) == 0 {
		return head, nil, broken(err)
	}
	return head, func(yield func(kv.Carried, error) bool) {
		for n := 0; ; n++ {
			var line backupLine
			switch err := in.Decode(&line); {
			case err != nil:
				yield(kv.Carried{}, broken(err))
				return
			case line.End != nil && *line.End == n && !in.More():
				return
			case line.End != nil || line.Carried == nil:
				yield(kv.Carried{}, errNoBackup)
				return
			}
			if !yield(*line.Carried, nil) {
				return
			}
		}
	}, nil
}

// broken says what is wrong with the file rather than with the JSON in it.
func broken(err error) error {
	if errors.Is(err, secret.ErrVaultBroken) {
		return secret.ErrVaultBroken
	}
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errNoBackup
	}
	return fmt.Errorf("%w: %w", errNoBackup, err)
}
