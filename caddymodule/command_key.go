package caddymodule

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (c *command) key() *cobra.Command {
	key := &cobra.Command{
		Use:   "key COMMAND",
		Short: "Makes, lists and revokes access keys, with which programs come in",
		Long: `Makes, lists and revokes access keys. A program that has one is let in as the
person, without password and second factor, where a site says "keys PATH...".

It sends the key in one of these ways, and the app behind the gate never sees it:
  Authorization: Bearer KEY
  user name and password (Basic), with KEY as the password
  Sparekey-Key: KEY`,
	}
	group(key)
	key.AddCommand(c.keyAdd(), c.keyList(), c.keyRevoke())
	return key
}

func (c *command) keyAdd() *cobra.Command {
	var k keyArguments
	cmd := &cobra.Command{
		Use:   "add USER",
		Short: "Makes an access key and prints it, this once",
		Long: `Makes an access key and prints it. It is shown this once and kept nowhere: who
loses it makes another. The person is told of it. Disabling or locking the
account ends it, and a recovery of the account suspends it.

USER is a user name, mail address or phone number.`,
		Example: `  $ caddy sparekey key add anna --name "phone backup"
  $ caddy sparekey key add anna --name calendar --host cloud.example.com --path "/dav/*" --expires 90d
  $ caddy sparekey key add anna --name builds --path "/git/*" --path /status --expires never --json`,
	}
	flags := cmd.Flags()
	flags.StringVar(&k.Name, "name", "", "what it is for, up to 40 bytes (required)")
	flags.StringArrayVar(&k.Hosts, "host", nil, "host it is for, with its port unless that is 443 or 80; may be given several times (default every host)")
	flags.StringArrayVar(&k.Paths, "path", nil, `path it is for, such as "/api/*"; may be given several times (default every path that takes keys)`)
	flags.StringVar(&k.Expires, "expires", "", "when it ends: 90d, 2030-01-31, or never (default 365d)")
	return c.leaf(cmd, []string{"USER"}, func(cmd *cobra.Command, args []string) error {
		var made madeKey
		if err := c.ask(cmd, opKeyAdd, arguments{User: args[0], Key: &k}, &made); err != nil {
			return err
		}
		if c.json {
			return encode(cmd, made)
		}
		say(cmd, "this access key of %s is shown once; it lives %s, and is revoked with: caddy sparekey key revoke %s %s",
			plain(made.User), until(made.Expires), plain(made.User), made.ID)
		for _, host := range made.Strays {
			say(cmd, "no site here is at %s: unless that port is mapped to another one, write the key's host as it is typed, with its port, such as photos.example.com:8443", plain(host))
		}
		_, err := fmt.Fprintln(cmd.OutOrStdout(), made.Key)
		return err
	})
}

func until(end time.Time) string {
	if end.IsZero() {
		return "until it is revoked"
	}
	return "until " + moment(end)
}

func (c *command) keyList() *cobra.Command {
	return c.leaf(&cobra.Command{
		Use:     "list USER",
		Short:   "Lists the access keys of somebody, without anything secret",
		Example: "  $ caddy sparekey key list anna\n  $ caddy sparekey key list anna --json",
	}, []string{"USER"}, func(cmd *cobra.Command, args []string) error {
		var list personsKeys
		if err := c.ask(cmd, opKeyList, arguments{User: args[0]}, &list); err != nil {
			return err
		}
		if c.json {
			return encode(cmd, list.Keys)
		}
		t := newTable(cmd.OutOrStdout())
		t.row("ID", "NAME", "HOSTS", "PATHS", "MADE BY", "CREATED", "LAST USED", "ENDS")
		for _, k := range list.Keys {
			t.row(k.ID, k.cells()...)
		}
		return t.Flush()
	})
}

func (k accessKey) cells() []string {
	used, ends := "never", "never"
	if !k.Used.IsZero() {
		used = k.Used.Format(time.DateOnly)
	}
	switch {
	case k.Suspended:
		ends = "suspended since a recovery: revoke it and make another"
	case !k.Expires.IsZero():
		ends = moment(k.Expires)
	}
	return []string{k.Name, all(k.Hosts), all(k.Paths), k.Maker, moment(k.Created), used, ends}
}

func all(list []string) string {
	if len(list) == 0 {
		return "all"
	}
	return strings.Join(list, " ")
}

func (c *command) keyRevoke() *cobra.Command {
	return c.leaf(&cobra.Command{
		Use:   "revoke USER KEY",
		Short: "Ends an access key at once",
		Long: `Ends an access key at once: requests under way that came with it end too. The
person is told.

KEY is its id or name, as "caddy sparekey key list USER" shows them.`,
		Example: "  $ caddy sparekey key revoke anna 7k3v9m2q\n  $ caddy sparekey key revoke anna \"phone backup\" --json",
	}, []string{"USER", "KEY"}, func(cmd *cobra.Command, args []string) error {
		var k accessKey
		if err := c.ask(cmd, opKeyRevoke, arguments{User: args[0], Key: &keyArguments{Name: args[1]}}, &k); err != nil {
			return err
		}
		if c.json {
			return encode(cmd, k)
		}
		say(cmd, "revoked: %s", plain(k.Name))
		return nil
	})
}
