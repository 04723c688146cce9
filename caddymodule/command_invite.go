package caddymodule

import (
	"github.com/spf13/cobra"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// invite is the commands of invitations.
func (c *command) invite() *cobra.Command {
	cmd := &cobra.Command{
		Use: "invite COMMAND", Short: "Makes, lists and revokes invitations",
		Example: "  $ caddy sparekey invite person anna --mail anna@example.org\n  $ caddy sparekey invite group --uses 20 --group choir --for \"the choir\"\n  $ caddy sparekey invite list\n  $ caddy sparekey invite revoke anna --reason \"wrong address\"",
	}
	group(cmd)
	cmd.AddCommand(c.invitePerson(), c.inviteGroup(), c.inviteList(), c.inviteRevoke(), c.inviteRevokeLink())
	return cmd
}

func (c *command) invitePerson() *cobra.Command {
	var a arguments
	cmd := &cobra.Command{
		Use:   "person NAME",
		Short: "Prints the link of an invitation for one person",
		Long: `Prints a link with which one person chooses a password and a second factor.
Whoever opens it first gets the account: hand it over where nobody else reads it.
Somebody who is invited already gets a new one, and the one before stops working.`,
		Example: `  $ caddy sparekey invite person anna --mail anna@example.org --group family
  $ caddy sparekey invite person anna --json`,
	}
	newcomer(cmd, &a)
	return c.leaf(cmd, []string{"NAME"}, func(cmd *cobra.Command, args []string) error {
		a.User = args[0]
		return c.link(cmd, opInvitePerson, a, "is the invitation")
	})
}

func (c *command) inviteRevoke() *cobra.Command {
	return c.act(act{
		use: "revoke NAME", short: "Withdraws an invitation that nobody has taken", names: named(), do: recovery.ActionWithdraw, done: "withdrawn; the link opens nothing any more",
		long: "Withdraws the invitation of somebody who has not taken it. The account stays, and can\nbe invited again.", example: `invite revoke anna --reason "wrong address"`,
	})
}
