package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// groupLink is a link for several people, without its secret.
type groupLink struct {
	ID      string    `json:"id"`
	Note    string    `json:"for"`
	Groups  []string  `json:"groups"`
	Uses    int       `json:"uses"`
	Used    int       `json:"used"`
	Held    int       `json:"held"`
	By      string    `json:"by"`
	Made    time.Time `json:"made"`
	Expires time.Time `json:"expires"`
}

// invitePerson invites somebody, or somebody who is invited anew.
func (o *operations) invitePerson(ctx context.Context, args arguments) (link, error) {
	_, err := o.engine.Find(ctx, args.User)
	switch {
	case errors.Is(err, recovery.ErrNoAccount):
		return o.userAdd(ctx, args)
	case err != nil:
		return link{}, err
	case args.Mail+args.Phone+args.Lang != "" || len(args.Groups) > 0:
		return link{}, errors.New("there is an account of that name already: leave the other options out, or change it with: caddy sparekey user")
	}
	return o.userInvite(ctx, args.User)
}

// inviteGroup makes a link.
func (o *operations) inviteGroup(ctx context.Context, x *inviteArguments) (link, error) {
	if x == nil {
		return link{}, errors.New("invite-group without a link")
	}
	l := recovery.GroupLink{Groups: x.Groups, Uses: x.Uses, Note: x.Reason}
	if x.Life != 0 {
		l.Ends = o.engine.Now().Add(x.Life)
	}
	token, made, err := o.engine.MakeLink(ctx, engine.Shell(), l)
	if err != nil {
		return link{}, err
	}
	return link{Link: web.Prefix + o.engine.JoinLink(ctx, token), Origin: o.origin(), Expires: made.Ends.Truncate(time.Second)}, nil
}

func (o *operations) inviteList(ctx context.Context) ([]groupLink, error) {
	all, err := o.engine.Links(ctx)
	out := []groupLink{}
	for _, l := range all {
		out = append(out, groupLink{l.ID, l.Note, append([]string{}, l.Groups...), l.Uses, l.Used(), len(l.Places) - l.Used(), l.By, l.Made, l.Ends})
	}
	return out, err
}

func (o *operations) inviteRevoke(ctx context.Context, x *inviteArguments) ([]*person, error) {
	if x == nil {
		return nil, errors.New("invite-revoke without a link")
	}
	id, err := o.linkID(ctx, x.ID)
	if err != nil {
		return nil, err
	}
	came, err := o.engine.RevokeLink(o.told(ctx), engine.Shell(), id, x.Reason, x.Disable)
	out := []*person{}
	for _, a := range came {
		out = append(out, o.describePerson(a))
	}
	return out, err
}

// linkID is the id of a link that is named by it, or by whom it is for.
func (o *operations) linkID(ctx context.Context, named string) (string, error) {
	all, err := o.engine.Links(ctx)
	if err != nil {
		return "", err
	}
	var found []string
	for _, l := range all {
		if l.ID == named {
			return l.ID, nil
		}
		if l.Note == named {
			found = append(found, l.ID)
		}
	}
	if len(found) != 1 {
		return "", fmt.Errorf("%w: see which there are with: caddy sparekey invite list", recovery.ErrNoLink)
	}
	return found[0], nil
}
