package caddymodule

import (
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"
)

// restore takes a store that was restored on purpose as it is.
func (c *command) restore() *cobra.Command {
	var accept bool
	cmd := &cobra.Command{
		Use:   "restore",
		Short: "Takes a restored, older store as it is",
		Long: `Says that the store was replaced by an older one on purpose. Without this, the
next start of Caddy voids all sessions, links and opening codes in it: what was
used up or ended since the backup would live again. Run it after the restore
and before Caddy starts. Replaced factors and used recovery codes are back in
either case.`,
		Example: `  $ caddy sparekey restore --accept-old`,
	}
	cmd.Flags().BoolVar(&accept, "accept-old", false, "sessions, links and codes of the older store count")
	return c.leaf(cmd, nil, func(cmd *cobra.Command, _ []string) error {
		if !accept {
			return errors.New("nothing to do: say --accept-old")
		}
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
	})
}
