package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// backedUp is the result of a backup.
type backedUp struct {
	File    string    `json:"file"`
	Records int       `json:"records"`
	Made    time.Time `json:"made"`
}

func (c *command) backup() *cobra.Command {
	var p passphrase
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Writes everybody's accounts into one sealed file, while Caddy runs",
		Long: `Writes everybody's accounts, with passwords, authenticators, passkeys and recovery
codes, the audit trail and the root keys into one file, sealed with a passphrase of
12 characters or more. Whoever has both has everything. Sessions, links and what is under way
are left out.

"caddy sparekey restore FILE" brings it back, on a file or on Redis, wherever it
was made.`,
		Example: `  $ caddy sparekey backup sparekey.backup
  $ caddy sparekey backup /srv/backups/sparekey.backup --passphrase-file /root/passphrase --json`,
	}
	p.flag(cmd)
	return c.leaf(cmd, []string{"FILE"}, func(cmd *cobra.Command, args []string) error {
		phrase, err := p.read(cmd, true)
		if err != nil {
			return err
		}
		done, err := c.backupTo(cmd, args[0], phrase)
		if err != nil {
			return err
		}
		if c.json {
			return encode(cmd, done)
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d records. Whoever has this file and its passphrase has every account's factors\n", plain(done.File), done.Records)
		return err
	})
}

// backupTo writes the file beside where it belongs, and renames it when it is whole.
func (c *command) backupTo(cmd *cobra.Command, path, phrase string) (*backedUp, error) {
	place, err := c.place()
	if err != nil {
		return nil, err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".sparekey-backup-*") // 0600 by itself
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name()) //nolint:errcheck // gone already when all went well
	n, err := place.backup(cmd, f, phrase)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	return &backedUp{path, n, time.Now().Round(0)}, os.Rename(f.Name(), path)
}

// backup asks for one part after the other, and opens what comes sealed.
func (p *place) backup(cmd *cobra.Command, to *os.File, phrase string) (int, error) {
	keys, err := p.keys()
	if err != nil {
		return 0, err
	}
	roots, err := p.app.roots()
	if err != nil {
		return 0, err
	}
	head := backupHead{ID: secret.Token(9), Made: time.Now().Round(0), Roots: roots}
	var w *backupWriter
	for page, told := (engine.CarryPage{}), false; !page.Done; {
		page.Records = nil
		answer, err := p.callAndTell(cmd.Context(), opCarry, arguments{Carry: &page}, func(how string) {
			if !told {
				say(cmd, "%s", plain(how))
			}
			told = true
		})
		if err != nil {
			return 0, err
		}
		page = engine.CarryPage{}
		if err := json.Unmarshal(answer, &page); err != nil {
			return 0, err
		}
		if w == nil {
			if w, err = newBackup(to, phrase, secret.VaultCost(), head); err != nil {
				return 0, err
			}
		}
		if err := w.page(keys, page); err != nil {
			return 0, err
		}
		if !page.Done {
			say(cmd, "%d records so far", w.n)
		}
	}
	return w.n, w.end()
}

func (w *backupWriter) page(keys *secret.Keys, page engine.CarryPage) error {
	for _, r := range page.Records {
		c, err := kv.OpenRaw(keys, r.Key, r.Sealed)
		if err != nil {
			return fmt.Errorf("%w: see with: caddy sparekey doctor", err)
		}
		if err := w.add(c); err != nil {
			return err
		}
	}
	return nil
}
