package engine

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// inviteKey is the record of the state of an invitation, beside its ticket: it
// stays when the ticket is gone, and says nothing of anybody.
func inviteKey(ticket string) string {
	_, sum, _ := strings.Cut(ticket, "/")
	return "invitation/" + sum
}

// noteInvitation writes that an invitation is open. Before its ticket: a link that
// opens nothing yet is no harm.
func (e *Engine) noteInvitation(ctx context.Context, ticket string, ends time.Time) error {
	_, err := kv.Create(ctx, e.Store, inviteKey(ticket), recovery.Invitation{Ends: ends}, ends.Add(recovery.InviteRemembered))
	return err
}

// endInvitation notes how an invitation has ended, if it is open, or a link whose
// places are used is revoked. What it was for
// has been done by then, or is done all the same: the state only tells of it.
func (e *Engine) endInvitation(ctx context.Context, key string, state recovery.InviteState) {
	if key == "" {
		return
	}
	now := e.Now()
	_, err := kv.Update(ctx, e.Store, key, now.Add(recovery.InviteRemembered), func(i *recovery.Invitation, exists bool) error {
		if was := i.At(now); !exists || was != recovery.InviteOpen && was != recovery.InviteFull {
			return recovery.ErrMoved
		}
		*i = recovery.Invitation{State: state, Ends: now}
		return nil
	})
	if err != nil && !errors.Is(err, recovery.ErrMoved) {
		e.log().Warn("the end of an invitation is not noted: its link says that it is none", "error", err)
	}
}

// invitationTaken notes that the invitation has been used with which the flow began.
func (r *run) invitationTaken(ctx context.Context) error {
	for _, s := range r.flow.Reserved {
		if s.Kind() == "ticket" {
			r.endInvitation(ctx, inviteKey(s.ID), recovery.InviteUsed)
		}
	}
	return nil
}

// invitationOver is what is said of the link of an invitation that leads nowhere;
// nil when the secret is that of none, or it is open. found is its ticket, if there
// is one: what a crash has left open in the record is then told by the account.
func (r *run) invitationOver(ctx context.Context, code string, found *recovery.Ticket) (*recovery.Problem, error) {
	for _, key := range r.ticketKeys(code) {
		i, ok, err := kv.Load[recovery.Invitation](ctx, r.Store, inviteKey(key))
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		state := i.At(r.Now())
		if state == recovery.InviteOpen && found != nil {
			state = r.leftOpen()
		}
		if p := state.Problem(); p != "" {
			return recovery.NewProblem(p), nil
		}
	}
	return nil, nil
}

// leftOpen is how an invitation has ended whose account is not invited by it any more.
func (r *run) leftOpen() recovery.InviteState {
	if r.account != nil && r.account.State == recovery.StateActive {
		return recovery.InviteUsed
	}
	return recovery.InviteRevoked
}
