package caddymodule

import (
	"errors"
	"fmt"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:      "sparekey",
		Short:     "Manages people who sign in through Sparekey, and lets them back in",
		CobraFunc: func(cmd *cobra.Command) { new(command).build(cmd) },
	})
}

const longHelp = `Manages people who sign in through Sparekey, and lets them back in.

The commands talk to the running Caddy. When none is running they open its
store themselves. Which store it is comes from --config or --data; without
them it is the one in your own Caddy data folder, or else the one of the
system service. Run them as the user Caddy runs as, or as root. They never
create a store.

They end with 0 when it is done, 1 when it was refused or failed, and 2 when
the command was written wrongly. The result is on standard output, everything
else on standard error.`

const examples = `  $ caddy sparekey setup-link
  $ caddy sparekey user add anna --mail anna@example.org --group family
  $ caddy sparekey rescue anna
  $ caddy sparekey key add anna --name "phone backup" --path "/dav/*"
  $ caddy sparekey audit --user anna --since 7d
  $ caddy sparekey import authelia users_database.yml --dry-run
  $ caddy sparekey backup sparekey.backup
  $ caddy sparekey doctor
  $ sudo -u caddy caddy sparekey user list --config /etc/caddy/Caddyfile --json`

// build makes the tree of commands below "caddy sparekey".
func (c *command) build(cmd *cobra.Command) {
	cmd.Use, cmd.Long, cmd.Example = "sparekey COMMAND", longHelp, examples
	flags := cmd.PersistentFlags()
	flags.StringVarP(&c.config, "config", "c", "", "Caddyfile or JSON that Caddy runs with")
	flags.StringVarP(&c.adapter, "adapter", "a", "", "config adapter of --config (default caddyfile, or none for *.json)")
	flags.StringVar(&c.data, "data", "", "Caddy's data folder, or the store file")
	flags.StringVar(&c.origin, "origin", "", "address of a site for links, such as https://photos.example.com")
	flags.BoolVar(&c.json, "json", false, "print the result as JSON")
	cmd.SetFlagErrorFunc(wrong)
	group(cmd)
	user := &cobra.Command{Use: "user COMMAND", Short: "Lists, shows and invites people, and changes their accounts"}
	group(user)
	user.AddCommand(c.userList(), c.userShow(), c.userAdd(), c.userInvite())
	for _, a := range acts() {
		user.AddCommand(c.act(a))
	}
	cmd.AddCommand(c.setupLink(), c.rescue(), user, c.invite(), c.key(), c.audit(), c.explain(), c.doctor(), c.restore(), c.rekey())
	cmd.AddCommand(c.importPeople(), c.backup())
}

// group makes a command that only has others below it.
func group(cmd *cobra.Command) {
	cmd.Args = cobra.ArbitraryArgs // else cobra refuses them with its own exit code
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return wrong(cmd, fmt.Errorf("unknown command %q", args[0]))
		}
		return wrong(cmd, errors.New("which command?"))
	}
}
