package caddymodule

import (
	"context"
	"errors"
	"fmt"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

func (x *actArguments) edit() (recovery.Edit, error) {
	e := recovery.Edit{Do: recovery.Action(x.Do), Groups: x.Groups, Name: x.Name, Again: x.Again, Mail: x.Mail, Phone: x.Phone}
	if e.Do != recovery.ActionExtension || x.Phone+x.Extension == "" {
		return e, nil
	}
	l, err := recovery.ParseExtension(x.Phone, x.Extension)
	e.Extensions = []recovery.Extension{l}
	return e, err
}

// userAct does something to somebody's account, and tells how it is then.
func (o *operations) userAct(ctx context.Context, user string, x *actArguments) (*person, error) {
	if x == nil {
		return nil, errors.New("user-act without an action")
	}
	a, err := o.find(ctx, user)
	if err != nil {
		return nil, err
	}
	edit, err := x.edit()
	if err != nil {
		return nil, err
	}
	if a, err = o.engine.Edit(o.told(ctx), engine.Shell(), a.ID, edit, x.Reason); err != nil {
		return nil, hint(err, user)
	}
	return o.describePerson(a), nil
}

// hint adds what else can be done.
func hint(err error, user string) error {
	if errors.Is(err, recovery.ErrLastAdmin) {
		return fmt.Errorf("%w, or if that one is locked out: caddy sparekey rescue %s", err, user)
	}
	return err
}

// userReset has a link for a way back sent to somebody.
func (o *operations) userReset(ctx context.Context, user string, x *actArguments) (*person, error) {
	if x == nil {
		return nil, errors.New("user-reset without a reason")
	}
	a, err := o.find(ctx, user)
	if err != nil {
		return nil, err
	}
	mail := o.engine.MailCase
	if x.Temporary {
		mail = o.engine.MailTemporary
	}
	return o.describePerson(a), mail(o.told(ctx), engine.Shell(), a.ID, x.Reason)
}

// userInvite invites somebody again.
func (o *operations) userInvite(ctx context.Context, user string) (link, error) {
	a, err := o.find(ctx, user)
	if err != nil {
		return link{}, err
	}
	token, err := o.engine.Invite(ctx, a)
	if err != nil {
		return link{}, err
	}
	return o.link(a.Name, o.engine.InviteLink(ctx, token), o.engine.Policy.Lifetimes.Invite), nil
}
