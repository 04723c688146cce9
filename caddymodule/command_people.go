package caddymodule

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func (c *command) userShow() *cobra.Command {
	return c.leaf(&cobra.Command{
		Use:   "show NAME",
		Short: "Shows one account, without anything secret",
		Long: `Shows one account: state, groups, ways to sign in, recovery codes left, devices
and sessions. Addresses are masked, and nothing secret is shown.

NAME is a user name, mail address or phone number.`,
		Example: "  $ caddy sparekey user show anna\n  $ caddy sparekey user show anna --json",
	}, []string{"NAME"}, func(cmd *cobra.Command, args []string) error {
		var p person
		if err := c.ask(cmd, opUserShow, arguments{User: args[0]}, &p); err != nil {
			return err
		}
		if c.json {
			return encode(cmd, p)
		}
		return p.print(cmd.OutOrStdout())
	})
}

// print writes an account for people, one fact a line.
func (p *person) print(w io.Writer) error {
	t := newTable(w)
	t.row("name", p.Name)
	t.row("shown as", cmp.Or(p.DisplayName, p.Name))
	t.row("state", string(p.State), after("removed on", p.Leaving))
	t.row("created", moment(p.Created))
	t.row("language", p.Lang)
	t.row("groups", strings.Join(p.Groups, ", "))
	for _, c := range p.Contacts {
		unconfirmed := ""
		if !c.Confirmed {
			unconfirmed = "not confirmed"
		}
		t.row(c.Channel, c.Address, unconfirmed, after("counts from", c.Counts))
	}
	t.row("second factor", yes(p.SecondFactor))
	for _, f := range p.Factors {
		t.row(f.Method, "since "+moment(f.Created), f.Label, after("set by recovery, counts fully from", f.Barred))
	}
	t.row("codes left", fmt.Sprint(p.CodesLeft))
	for _, d := range p.Devices {
		t.row("device", d.Browser, "seen "+moment(d.Seen), after("remembered until", d.Remembered))
	}
	for _, s := range p.Sessions {
		t.row("session", s.Browser, "seen "+moment(s.Seen), after("ends", s.End), s.Method)
	}
	t.row("probation", after("until", p.Probation))
	t.row("generation", fmt.Sprint(p.Generation))
	return t.Flush()
}

func after(words string, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return words + " " + moment(t)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
