package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// restored is the result of a restore.
type restored struct {
	engine.BroughtBack
	Made  time.Time `json:"made"`
	Added int       `json:"root_keys_added"`
}

// restore brings a backup back, or takes a store that was replaced on purpose as it is.
func (c *command) restore() *cobra.Command {
	var accept, newCodes bool
	var p passphrase
	cmd := &cobra.Command{
		Use:   "restore [FILE]",
		Short: "Brings a backup back into an empty store, or takes an older store as it is",
		Long: `Brings back what "caddy sparekey backup FILE" has written, into a store that is
empty: start Caddy once on the new host, stop it, run this, and start it again.
Passwords, authenticators, passkeys and recovery codes of then work; sessions,
links and known browsers are void, and access keys are suspended. The root keys
of the file are put behind the host's own, into restored.keys beside the store.

With --accept-old, and without FILE, it says that the store itself was replaced
by an older one on purpose. Without this, the next start of Caddy voids all
sessions, links and opening codes in it: what was used up or ended since would
live again. Run it before Caddy starts. Replaced factors and used recovery codes
are back in either case.`,
		Example: `  $ caddy sparekey restore sparekey.backup
  $ caddy sparekey restore sparekey.backup --new-codes --config /etc/caddy/Caddyfile
  $ caddy sparekey restore --accept-old`,
	}
	cmd.Flags().BoolVar(&accept, "accept-old", false, "sessions, links and codes of the older store count")
	cmd.Flags().BoolVar(&newCodes, "new-codes", false, "with FILE: all recovery codes are void, and people make new ones")
	p.flag(cmd)
	return c.either(cmd, []string{"FILE"}, func(cmd *cobra.Command, args []string) error {
		switch {
		case accept == (len(args) > 0), newCodes && accept:
			return errors.New("nothing to do: name the FILE of a backup, or say --accept-old")
		case accept:
			return c.acceptOld(cmd)
		}
		phrase, err := p.read(cmd, false)
		if err != nil {
			return err
		}
		done, err := c.restoreFrom(cmd, args[0], phrase, newCodes)
		if err != nil {
			return err
		}
		if c.json {
			return encode(cmd, done)
		}
		return done.tell(cmd.OutOrStdout())
	})
}

func (c *command) acceptOld(cmd *cobra.Command) error {
	p, err := c.place()
	if err != nil {
		return err
	}
	answer, err := p.call(cmd, opAcceptOld, arguments{})
	if err != nil {
		return err
	}
	var done bool
	if err := json.Unmarshal(answer, &done); err != nil {
		return err
	}
	if c.json {
		return encode(cmd, map[string]bool{"accepted": done})
	}
	if done {
		say(cmd, "the older store is accepted")
	} else {
		say(cmd, "the store is not older than what was seen: nothing to accept")
	}
	return nil
}

// restoreFrom reads the whole file before anything is written.
func (c *command) restoreFrom(cmd *cobra.Command, path, phrase string, newCodes bool) (*restored, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names it
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	place, err := c.place()
	if err != nil {
		return nil, err
	}
	keys, err := place.keys()
	if err != nil {
		return nil, err
	}
	if err := place.stopped(keys); err != nil {
		return nil, err
	}
	err = place.with(cmd.Context(), keys, func(o *operations) error { return o.engine.MayBringBack(cmd.Context(), "") })
	if err != nil && !errors.Is(err, engine.ErrHalfBack) { // the file says whether it may go on
		return nil, err
	}
	head, records, err := wholeBackup(f, phrase)
	if err != nil {
		return nil, fmt.Errorf("%s: %w; nothing was changed", path, err)
	}
	done := &restored{Made: head.Made}
	err = place.with(cmd.Context(), keys, func(o *operations) error {
		var err error
		if err = o.engine.MayBringBack(cmd.Context(), head.ID); err != nil {
			return err
		}
		if done.Added, err = place.app.keepRoots(head.Roots); err != nil {
			return err
		}
		say(cmd, "writing into %s", plain(place.app.store.Place()))
		done.BroughtBack, err = o.engine.BringBack(commandLine(cmd.Context()), engine.BackOptions{ID: head.ID, NewCodes: newCodes}, records)
		return err
	})
	return done, err
}

// wholeBackup reads a backup to its end, and then opens it once more.
func wholeBackup(f *os.File, phrase string) (head backupHead, records iter.Seq2[kv.Carried, error], err error) {
	vault, err := secret.OpenVault(f, phrase)
	if err != nil {
		return head, nil, err
	}
	if _, records, err = readBackup(vault); err != nil {
		return head, nil, err
	}
	for _, err := range records {
		if err != nil {
			return head, nil, err
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return head, nil, err
	}
	if err := vault.Again(f); err != nil {
		return head, nil, err
	}
	return readBackup(vault)
}

// stopped refuses while a Caddy listens for commands.
func (p *place) stopped(keys *secret.Keys) error {
	for _, socket := range controlSockets(keys, p.app.store) {
		if conn, err := net.DialTimeout("unix", socket, time.Second); err == nil {
			_ = conn.Close()
			return engine.ErrUsedByOther
		}
	}
	return nil
}

// tell says what works, what does not, and what may be old.
func (r *restored) tell(w io.Writer) error {
	t := newTable(w)
	t.row("accounts", fmt.Sprint(r.Accounts))
	t.row("as of", moment(r.Made))
	t.row("may be old", "recovery codes used, and passwords and factors replaced since then, are as they were then")
	t.row("void", "sessions, links, waits and known browsers")
	if r.Keys > 0 {
		t.row("access keys", fmt.Sprintf("%d are suspended: among them may be revoked ones", r.Keys))
	}
	if r.Codes > 0 {
		t.row("recovery codes", fmt.Sprintf("void for %d people, who make new ones on their account page", r.Codes))
	}
	if len(r.Invited) > 0 {
		t.row("to be invited again", strings.Join(r.Invited, ", "))
	}
	if r.Added > 0 {
		t.row("root keys", fmt.Sprintf("%d of the backup are in %s beside the store now, and every Caddy on it needs that file: recovery codes of then are checked with them", r.Added, restoredKeys))
	}
	return t.Flush()
}
