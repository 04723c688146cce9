package engine

import (
	"context"
	"net/url"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Pages that a link leads to, below the address of our own pages. The secret
// stands behind the '#', which no server, log or Referer sees.
const (
	linkInvite = "activate"
	linkJoin   = "join"
	linkCase   = "case"
	linkLogin  = "login"
	linkRescue = "rescue"

	linkReinstate = "reinstate"
)

// signedBy is what a name in a link is signed for.
const signedBy = "link by"

// InviteLink is the link of an invitation, below the address of our own pages.
// It names who acts, if that is somebody with an account.
func (e *Engine) InviteLink(ctx context.Context, token string) string {
	if who := actor(ctx); who.ID != "" {
		return e.linkBy(linkInvite, token, who.Name)
	}
	return linkInvite + "#" + token
}

// JoinLink is the link of a group's invitation.
func (e *Engine) JoinLink(ctx context.Context, token string) string {
	if who := actor(ctx); who.ID != "" {
		return e.linkBy(linkJoin, token, who.Name)
	}
	return linkJoin + "#" + token
}

// linkBy is a link whose page says who has made it. The name is signed, so that
// nobody can put words on our pages by a link.
func (e *Engine) linkBy(page, token, name string) string {
	return page + "?by=" + url.QueryEscape(e.Keys.SignCookie(signedBy, []byte(name))) + "#" + token
}

// LinkedBy is the name in a link; empty when there is none of ours.
func (e *Engine) LinkedBy(signed string) string {
	name, ok := e.Keys.OpenCookie(signedBy, signed)
	if !ok {
		return ""
	}
	return string(name)
}

// LinkOfRescue is the link of a rescue for an account in a state, below the address
// of our own pages; for an invited one it is a new invitation.
func LinkOfRescue(s recovery.State, token string) string {
	if s == recovery.StateInvited {
		return linkInvite + "#" + token
	}
	return linkRescue + "#" + token
}
