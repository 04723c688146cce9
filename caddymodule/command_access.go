package caddymodule

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// access prints who would be let in at an address, and why.
func (c *command) access(cmd *cobra.Command, user string, args explainArguments) error {
	var x explained
	if err := c.ask(cmd, opExplain, arguments{User: user, Explain: &args}, &x); err != nil {
		return err
	}
	if c.json {
		return encode(cmd, x)
	}
	return x.print(cmd.OutOrStdout())
}

// spokenAnswers are the answers in words.
func spokenAnswers() map[string]string {
	return map[string]string{answerYes: "yes", answerProof: "after a proof", answerNo: "no", answerOpen: "open to everybody"}
}

func (x *explained) print(w io.Writer) error {
	words, why := spokenAnswers(), x.Why
	if why != "" {
		why = ": " + why
	}
	if _, err := fmt.Fprintf(w, "%s %s as %s: %s%s\n", x.Method, plain(x.URL), plain(x.User), words[x.Answer], plain(why)); err != nil {
		return err
	}
	t := newTable(w)
	for _, g := range x.Gates {
		perhaps := ""
		if g.Perhaps {
			perhaps = "if its matchers take the request"
		}
		t.row("gate "+g.Line, words[g.Answer], perhaps)
		for _, r := range g.Rules {
			t.row("  "+r.Rule, words[r.Answer], r.Why)
		}
	}
	for _, s := range x.Sessions {
		t.row("session "+s.Browser, words[s.Answer], "since "+moment(s.Since), s.Why)
	}
	return t.Flush()
}
