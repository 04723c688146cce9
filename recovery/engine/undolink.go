package engine

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// undoCode is the length of the secret of that link: 80 bits, which people without
// scripts type.
const undoCode = 16

// undoLink makes the link by which somebody is an administrator again; empty when
// there is nothing to undo any more, or it could not be written.
func (e *Engine) undoLink(ctx context.Context, a *recovery.Account, o recovery.Owed, to recovery.Recipient) string {
	if o.Undo == "" || o.Base == "" || to.Unlinked || !a.Reinstates(o.Undo, e.Now()) || to.Channel != recovery.ChannelMail && to.Channel != recovery.ChannelSMS {
		return ""
	}
	token := secret.Code(undoCode)
	t := recovery.Ticket{Purpose: recovery.PurposeReinstate, Account: a.ID, About: o.Undo, Made: e.Now(), Expires: a.Demotion.Until}
	if err := e.writeTicket(ctx, token, t); err != nil {
		e.log().Warn("notice without its link", "event", string(o.Event), "error", err)
		return ""
	}
	return o.Base + linkReinstate + "#" + secret.Group(token, 4)
}
