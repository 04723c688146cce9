package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"
)

func (c *command) inviteGroup() *cobra.Command {
	var x inviteArguments
	var life string
	cmd := &cobra.Command{
		Use:   "group",
		Short: "Prints a link by which several people make accounts",
		Long: `Prints a link by which several people make accounts of their own. Each proves a
mail address first, and then chooses a name. Nobody becomes an administrator by
it. The link is shown this once.`,
		Example: `  $ caddy sparekey invite group --uses 20 --group choir --for "the choir"
  $ caddy sparekey invite group --uses 5 --expires 30d --for "cousins" --json`,
	}
	flags := cmd.Flags()
	flags.IntVar(&x.Uses, "uses", 0, "how many people, 1 to 50 (required)")
	flags.StringArrayVar(&x.Groups, "group", nil, "group of those who come; may be given several times")
	flags.StringVar(&life, "expires", "7d", "how long it is good for, at most 30d")
	flags.StringVar(&x.Reason, "for", "", "for whom it is, to know it again (required)")
	return c.leaf(cmd, nil, func(cmd *cobra.Command, _ []string) error {
		var err error
		if x.Life, err = caddy.ParseDuration(life); err != nil {
			return err
		}
		if x.Reason == "" {
			return errors.New("say for whom it is: --for TEXT")
		}
		return c.link(cmd, opInviteGroup, arguments{Invite: &x}, fmt.Sprintf("lets in %d", x.Uses))
	})
}

func (c *command) inviteList() *cobra.Command {
	return c.leaf(&cobra.Command{
		Use:     "list",
		Short:   "Lists the links for several people",
		Long:    "Lists the links for several people, and how many have come by each. People who were\ninvited by name are listed by: caddy sparekey user list --show invited",
		Example: "  $ caddy sparekey invite list\n  $ caddy sparekey invite list --json",
	}, nil, func(cmd *cobra.Command, _ []string) error {
		var list []groupLink
		if err := c.ask(cmd, opInviteList, arguments{}, &list); err != nil {
			return err
		}
		if c.json {
			return encode(cmd, list)
		}
		return tabulateLinks(cmd.OutOrStdout(), list)
	})
}

func tabulateLinks(w io.Writer, list []groupLink) error {
	t := newTable(w)
	t.row("ID", "FOR", "GROUPS", "USED", "EXPIRES", "BY")
	for _, l := range list {
		t.row(l.ID, l.Note, strings.Join(l.Groups, ", "), fmt.Sprintf("%d of %d", l.Used, l.Uses), moment(l.Expires), l.By)
	}
	return t.Flush()
}

func (c *command) inviteRevokeLink() *cobra.Command {
	var x inviteArguments
	cmd := &cobra.Command{
		Use:   "revoke-link ID",
		Short: "Revokes a link for several people",
		Long: `Revokes a link for several people at once, with what was begun by it. With
--disable everybody who came by it is disabled too, and told the reason. The ID
is that of "caddy sparekey invite list"; for whom it is will do, if that is one only.`,
		Example: `  $ caddy sparekey invite revoke-link k7qm4xrt --reason "it got around"
  $ caddy sparekey invite revoke-link k7qm4xrt --reason "it got around" --disable --json`,
	}
	cmd.Flags().StringVar(&x.Reason, "reason", "", "why, 3 to 500 characters (required)")
	cmd.Flags().BoolVar(&x.Disable, "disable", false, "disable everybody who came by it")
	return c.leaf(cmd, []string{"ID"}, func(cmd *cobra.Command, args []string) error {
		if x.Reason == "" {
			return errors.New("say why: --reason TEXT")
		}
		x.ID = args[0]
		var came []person
		if err := c.ask(cmd, opInviteRevoke, arguments{Invite: &x}, &came); err != nil {
			return err
		}
		if c.json {
			return encode(cmd, came)
		}
		say(cmd, "revoked; %d came by it", len(came))
		for _, p := range came {
			say(cmd, "%s: %s", plain(p.Name), p.State)
		}
		return nil
	})
}
