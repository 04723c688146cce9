package caddymodule

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// act is a command that does something to somebody's account.
type act struct {
	use, short, long, example string
	names                     []string
	op                        string // empty: opUserAct
	do                        recovery.Action
	flags                     func(cmd *cobra.Command, x *actArguments) // nil: none but --reason
	take                      func(args []string, x *actArguments)      // what is named after the person; nil: nothing
	done                      string
}

func acts() []act {
	return append([]act{
		{
			use: "unlock NAME", short: "Lifts the pause after too many wrong passwords", names: named(), do: recovery.ActionUnlock, done: "passwords are looked at again",
			long: "Lifts the pause after too many wrong passwords. Nothing else changes.", example: `user unlock anna --reason "called, and I know the voice"`,
		},
		{
			use: "disable NAME", short: "Closes an account to everybody, at once", names: named(), do: recovery.ActionDisable, done: "disabled; nobody can sign in",
			long: "Ends every session and access key of somebody at once, and lets nobody sign in. The\nperson is told the reason. Nothing is deleted.", example: `user disable anna --reason "left the team"`,
		},
		{
			use: "enable NAME", short: "Opens a disabled account, or keeps one that is to be removed", names: named(), do: recovery.ActionEnable, done: "enabled",
			long: "Opens a disabled account as it was before. One that is to be removed stays.", example: `user enable anna --reason "is back"`,
		},
		{
			use: "sign-out NAME", short: "Ends all sessions of somebody, at once", names: named(), do: recovery.ActionSignOut, done: "signed out everywhere",
			long: "Ends all sessions of somebody at once. No browser skips the second factor any more.", example: `user sign-out anna --reason "lost a laptop"`,
		},
		{
			use: "remove NAME", short: "Closes an account, and removes it after some days", names: named(), do: recovery.ActionRemove, done: "closed; it is removed when the time of “lifetime delete” is over, unless it is enabled before",
			long: "Closes an account at once and removes it after seven days (lifetime delete). Until\nthen \"user enable\" brings it back. Nobody else gets the name for 400 days (lifetime\nname), because apps would take one person for the other.", example: `user remove anna --reason "left the family"`,
		},
	}, settingActs()...)
}

// named are the arguments of an action: whose account it is, and what else.
func named(more ...string) []string { return append([]string{"NAME"}, more...) }

func settingActs() []act {
	return append([]act{
		{
			use: "display-name NAME SHOWN", short: "Sets the name that somebody is shown by", names: named("SHOWN"), do: recovery.ActionDisplayName, done: "changed",
			long: "Sets the name that apps and pages show. An empty one is the user name.", example: `user display-name anna "Anna Martin" --reason "asked for it"`,
			take: func(args []string, x *actArguments) { x.Name = args[0] },
		},
		{
			use: "rename NAME NEW", short: "Gives somebody another user name", names: named("NEW"), do: recovery.ActionRename, done: "renamed",
			long: "Gives somebody another user name. Apps know people by it: for most of them this is\nsomebody new. Nobody else gets the old name for 400 days (lifetime name).", example: `user rename anna anna.martin --reason "married"`,
			take: func(args []string, x *actArguments) { x.Name = args[0] },
			flags: func(cmd *cobra.Command, x *actArguments) {
				cmd.Flags().StringVar(&x.Again, "give-away", "", "the new name once more, to give one away that somebody else had within 400 days")
			},
		},
		{
			use: "mail NAME ADDRESS", short: "Sets another mail address", names: named("ADDRESS"), do: recovery.ActionMail, done: "set; it counts after some days, and until then the old one is told",
			long: "Sets another mail address for somebody who cannot get at the old one. It counts after\n72 hours (lifetime new_contact); until then the old one is told, and can stop it.", example: `user mail anna anna@example.net --reason "the old mailbox is gone"`,
			take: func(args []string, x *actArguments) { x.Mail = args[0] },
		},
		{
			use: "phone NAME NUMBER", short: "Sets another number for text messages", names: named("NUMBER"), do: recovery.ActionPhone, done: "set; it counts after some days, and until then the old one is told",
			long: "Sets another number for text messages. It counts after 72 hours (lifetime\nnew_contact); until then the old one is told, and can stop it.", example: `user phone anna "+41 79 123 45 67" --reason "lost the old SIM"`,
			take: func(args []string, x *actArguments) { x.Phone = args[0] },
		},
	}, flagActs()...)
}

func flagActs() []act {
	return []act{
		{
			use: "groups NAME", short: "Sets the groups of somebody, all of them", names: named(), do: recovery.ActionGroups, done: "changed",
			long: "Sets all groups of somebody; without --group there are none. Members of the group\n\"admins\" manage others; the last one who can act stays.", example: `user groups anna --group family --group admins --reason "helps me with it"`,
			flags: func(cmd *cobra.Command, x *actArguments) {
				cmd.Flags().StringArrayVar(&x.Groups, "group", nil, "group; may be given several times")
			},
		},
		{
			use: "extension NAME", short: "Sets the main number and extension somebody is found by", names: named(), do: recovery.ActionExtension, done: "changed",
			long: "Sets the main number and extension that somebody can be found by when they ask for a\nway back; without options there is none.", example: `user extension anna --number "+33 1 23 45 67 89" --extension 42 --reason "new desk"`,
			flags: func(cmd *cobra.Command, x *actArguments) {
				cmd.Flags().StringVar(&x.Phone, "number", "", "main number with its country code")
				cmd.Flags().StringVar(&x.Extension, "extension", "", "extension, up to 8 digits")
			},
		},
		{
			use: "reset-password NAME", short: "Sends somebody a link to get back in with", names: named(), op: opUserReset, done: "it is on its way, to the stored address only",
			long: "Sends a link to the stored address of somebody, with which they replace what they have\nlost. It lives an hour, nobody else sees it, and nothing changes until it is used. With\n--temporary a temporary password is sent (temporary_password on): it works once, within\n24 hours, and all sessions end now.", example: "user reset-password anna --reason \"forgot it over the summer\"\n  $ caddy sparekey user reset-password anna --temporary --reason \"cannot open links\"",
			flags: func(cmd *cobra.Command, x *actArguments) {
				cmd.Flags().BoolVar(&x.Temporary, "temporary", false, "a temporary password in place of a link")
			},
		},
		{
			use: "reset-factors NAME", short: "The same, for a lost second factor", names: named(), op: opUserReset, done: "the link is on its way; it lives an hour",
			long: "Sends a link to the stored address of somebody who has lost the second factor. They\nshow the password beside it, and make a new second factor.", example: `user reset-factors anna --reason "lost the phone, came by"`,
		},
	}
}

// act makes the command.
func (c *command) act(a act) *cobra.Command {
	var x actArguments
	cmd := &cobra.Command{Use: a.use, Short: a.short, Long: a.long, Example: "  $ caddy sparekey " + a.example}
	cmd.Long += "\n\nNAME is a user name, mail address or phone number. The reason is kept in the log, and\nthe person reads it."
	cmd.Flags().StringVar(&x.Reason, "reason", "", "why, 3 to 500 characters (required)")
	if a.flags != nil {
		a.flags(cmd, &x)
	}
	return c.leaf(cmd, a.names, func(cmd *cobra.Command, args []string) error {
		if x.Reason == "" {
			return errors.New("say why: --reason TEXT")
		}
		if x.Do = string(a.do); a.take != nil {
			a.take(args[1:], &x)
		}
		op := a.op
		if op == "" {
			op = opUserAct
		}
		var p person
		if err := c.ask(cmd, op, arguments{User: args[0], Act: &x}, &p); err != nil {
			return err
		}
		if c.json {
			return encode(cmd, p)
		}
		say(cmd, "%s: %s", plain(p.Name), a.done)
		return nil
	})
}

func (c *command) userInvite() *cobra.Command {
	return c.leaf(&cobra.Command{
		Use:   "invite NAME",
		Short: "Prints a new invitation for somebody who has not taken theirs",
		Long: `Prints a new invitation for somebody who has not taken theirs. The one before
stops working.`,
		Example: "  $ caddy sparekey user invite anna\n  $ caddy sparekey user invite anna --json",
	}, []string{"NAME"}, func(cmd *cobra.Command, args []string) error {
		return c.link(cmd, opUserInvite, arguments{User: args[0]}, "is the invitation")
	})
}
