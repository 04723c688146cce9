package caddymodule

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

const longDoctor = `Looks at everything that can be seen, and changes nothing but a list of people
that names somebody twice, which it repairs: the store and its key, the rights of files and folders, how many people and administrators
there are, the sites, the ways back, and whatever sends messages. Each line
says ok, warning or fault, and what to do about it. It asks the running Caddy;
when none runs it opens the store itself, and what became of messages is not
known.

With --send-test it also sends one test message, which holds nothing secret,
over every channel that is configured, and says what the server made of it:
to --to, if that is an address or number for the channel, or else to the first
administrator who has one.

It ends with 0 when there is no fault, whatever the warnings, and with 1 when
there is one.`

// diagnosis is the result of doctor.
type diagnosis struct {
	Checks []check `json:"checks"`
	Faults int     `json:"faults"`
}

// doctor looks for faults.
func (c *command) doctor() *cobra.Command {
	var send bool
	var to string
	cmd := &cobra.Command{
		Use: "doctor", Short: "Looks for faults, and can send a test message", Long: longDoctor,
		Example: `  $ caddy sparekey doctor
  $ caddy sparekey doctor --config /etc/caddy/Caddyfile --json
  $ caddy sparekey doctor --send-test --to sam@example.org`,
	}
	cmd.Flags().BoolVar(&send, "send-test", false, "send a test message over every channel")
	cmd.Flags().StringVar(&to, "to", "", "mail address or phone number for the test message")
	c.leaf(cmd, nil, func(cmd *cobra.Command, _ []string) error { return c.examine(cmd, send, to) })
	run := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var err error
		switch {
		case !cmd.Flags().Changed("to"):
		case !send:
			err = errors.New("--to needs --send-test")
		default:
			if to, err = checkRecipient(to); err != nil {
				err = fmt.Errorf("--to: %w: write it like sam@example.org or +41791234567", err)
			}
		}
		if err != nil {
			return wrong(cmd, err)
		}
		return run(cmd, args)
	}
	return cmd
}

// examine prints what doctor finds, each line as soon as it is known.
func (c *command) examine(cmd *cobra.Command, send bool, to string) error {
	var d diagnosis
	report := func(checks ...check) {
		for _, x := range checks {
			d.Checks = append(d.Checks, x)
			if x.Level == levelFault {
				d.Faults++
			}
			if !c.json {
				x.print(cmd)
			}
		}
	}
	p, err := c.place()
	if err != nil {
		report(check{"store", levelFault, err.Error(), "", nil})
	} else if checks, err := p.doctor(cmd); err != nil {
		report(append(fileChecks(p.app), check{"store", levelFault, err.Error(), "", nil})...)
	} else {
		report(checks...)
		if send {
			p.sendTests(cmd, to, func(x check) { report(x) })
		}
	}
	if c.json {
		if err := encode(cmd, d); err != nil {
			return err
		}
	}
	if d.Faults > 0 {
		return fmt.Errorf("faults found: %d", d.Faults)
	}
	return nil
}

func (p *place) doctor(cmd *cobra.Command) (checks []check, err error) {
	answer, err := p.call(cmd, opDoctor, arguments{})
	if err != nil {
		return nil, err
	}
	return checks, json.Unmarshal(answer, &checks)
}

// sendTests tries the channels one after the other: each may take a while, and
// says so before.
func (p *place) sendTests(cmd *cobra.Command, to string, report func(check)) {
	ask := func(op string, args arguments, result any) error {
		answer, err := p.callAndTell(cmd.Context(), op, args, func(string) {})
		if err != nil {
			return err
		}
		return json.Unmarshal(answer, result)
	}
	var list []trial
	if err := ask(opTrials, arguments{To: to}, &list); err != nil {
		report(check{"test", levelFault, err.Error(), "", nil})
		return
	}
	if len(list) == 0 {
		report(check{"test", levelWarning, "there is nothing to send a test message with", "configure notify smtp", nil})
	}
	for _, t := range list {
		if t.Lack != "" {
			report(check{t.Channel, levelWarning, "test message not sent: " + t.Lack, "say --to ADDRESS or --to NUMBER", nil})
			continue
		}
		say(cmd, "%s: sending a test message to %s; this may take up to %d s", t.Channel, plain(t.To), int(trialDeadline.Seconds()))
		var x check
		if err := ask(opTrial, arguments{Channel: t.Channel, To: to}, &x); err != nil {
			x = check{t.Channel, levelFault, "test message not sent: " + err.Error(), "", nil}
		}
		x.Text += " (to " + t.To + ")"
		report(x)
	}
}

// print writes a check for people. What it holds was said by servers and
// people, too.
func (x check) print(cmd *cobra.Command) {
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%-8s %-9s %s\n", x.Level, plain(x.Subject), oneLine(x.Text))
	if x.Remedy != "" {
		fmt.Fprintf(out, "%s → %s\n", strings.Repeat(" ", 18), oneLine(x.Remedy))
	}
}
