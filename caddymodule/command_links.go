package caddymodule

import (
	"cmp"
	"fmt"
	"time"

	"github.com/spf13/cobra"
)

func (c *command) setupLink() *cobra.Command {
	return c.leaf(&cobra.Command{
		Use:   "setup-link",
		Short: "Prints a link that creates the first account",
		Long: `Prints a link that creates the first account, who is an administrator. It
works once, and the links printed before it stop working. Once there is an
account it is refused.`,
		Example: `  $ caddy sparekey setup-link
  $ caddy sparekey setup-link --origin https://photos.example.com`,
	}, nil, func(cmd *cobra.Command, _ []string) error {
		return c.link(cmd, opSetupLink, arguments{}, "creates the first account")
	})
}

func (c *command) rescue() *cobra.Command {
	return c.leaf(&cobra.Command{
		Use:   "rescue USER",
		Short: "Prints a link for somebody who has nothing left to sign in with",
		Long: `Prints a link with which somebody who has nothing left sets a new password and
a new second factor; everything old ends in the same moment. Make sure whom you
give it to: whoever opens it has the account. For somebody who has not accepted
the invitation yet it prints a new invitation.

USER is a user name, mail address or phone number.`,
		Example: `  $ caddy sparekey rescue anna
  $ caddy sparekey rescue anna@example.org --json`,
	}, []string{"USER"}, func(cmd *cobra.Command, args []string) error {
		return c.link(cmd, opRescue, arguments{User: args[0]}, "opens this account: give it to nobody else")
	})
}

func (c *command) userAdd() *cobra.Command {
	var a arguments
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Invites somebody and prints the link of the invitation",
		Long: `Adds somebody and prints the link of the invitation, with which that person
chooses a password and a second factor. Members of the group "admins" may
manage others.`,
		Example: `  $ caddy sparekey user add anna --mail anna@example.org --phone "+41 79 123 45 67"
  $ caddy sparekey user add bruno --group family --group admins --lang fr`,
	}
	newcomer(cmd, &a)
	return c.leaf(cmd, []string{"NAME"}, func(cmd *cobra.Command, args []string) error {
		a.User = args[0]
		return c.link(cmd, opUserAdd, a, "is the invitation")
	})
}

// newcomer are the options of an account that is made.
func newcomer(cmd *cobra.Command, a *arguments) {
	flags := cmd.Flags()
	flags.StringVar(&a.Mail, "mail", "", "mail address")
	flags.StringVar(&a.Phone, "phone", "", "phone number with its country code, for text messages")
	flags.StringArrayVar(&a.Groups, "group", nil, "group; may be given several times")
	flags.StringVar(&a.Again, "give-away", "", "the name once more, to give one away that somebody else had within 400 days")
	flags.StringVar(&a.Lang, "lang", "", "language of messages, such as en or fr")
}

// link asks for a link and prints it, alone on its line.
func (c *command) link(cmd *cobra.Command, op string, args arguments, what string) error {
	var l link
	if err := c.ask(cmd, op, args, &l); err != nil {
		return err
	}
	l.Origin = cmp.Or(c.origin, l.Origin)
	l.Link = l.Origin + l.Link
	if l.Origin == "" {
		say(cmd, "put the address of your site in front of it, such as https://photos.example.com, or say it with --origin")
	}
	if c.json {
		return encode(cmd, l)
	}
	say(cmd, "this link %s; it works once, until %s", what, l.Expires.Local().Format(time.DateTime))
	_, err := fmt.Fprintln(cmd.OutOrStdout(), l.Link)
	return err
}
