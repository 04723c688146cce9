package caddymodule

import (
	"fmt"
	"io"
	"slices"

	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
)

const wordTemporary = "temporary_password"

// temporaryPassword lets administrators have temporary passwords mailed.
func (a *App) temporaryPassword(d *caddyfile.Dispenser) error {
	if a.TemporaryPassword {
		return d.Err(wordTemporary + " is there twice: write it once")
	}
	a.note(d, wordTemporary)
	var word string
	if !d.AllArgs(&word) || word != "on" {
		return reads(d, wordTemporary+" on")
	}
	a.TemporaryPassword = true
	return nil
}

// temporaryLeads refuses temporary passwords that could not be sent, or would lead
// nowhere: they walk the ways of the password with an administrator's case.
func (a *App) temporaryLeads() error {
	walked := func(w recovery.Way) bool { return w.Wait == 0 && slices.Contains(w.Proofs, recovery.Admin) }
	refused := ""
	switch {
	case !a.policy.TemporaryPassword:
		return nil
	case !a.has(recovery.ChannelMail):
		refused = "it is mailed, and nothing sends mail: add notify smtp, or take the line out"
	case !slices.ContainsFunc(a.policy.Ways[recovery.GoalPassword], walked):
		refused = "no way of \"recover password\" has admin and no wait: add \"way admin factor\", or take the line out"
	default:
		return nil
	}
	return a.at(&notify.OptionError{Option: wordTemporary, Err: fmt.Errorf("%s on: %s", wordTemporary, refused)})
}

// printTemporary warns of what a temporary password rests on.
func (a *App) printTemporary(w io.Writer) {
	if a.policy.TemporaryPassword {
		_, _ = fmt.Fprintf(w, "\n%s on: for %s a mailed password is typed where the password is. It walks the ways of the password with admin: whoever reads that mailbox then lacks the second factor only, and nothing where there is none.\n",
			wordTemporary, spoken(recovery.TemporaryLife))
	}
}
