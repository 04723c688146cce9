package engine

import (
	"context"
	"errors"
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// place finds the group link that a secret is of, and stands for its ticket: the
// account there will be has an id from now on, the one that this browser got before
// if it has been here. It changes nothing. Nil without a problem: it is none.
func (r *run) place(ctx context.Context, code string) (*recovery.Ticket, *recovery.Problem, error) {
	for _, ticket := range r.ticketKeys(code) {
		key := linkKind + "/" + sumOf(ticket)
		l, ok, err := kv.Load[recovery.GroupLink](ctx, r.Store, key)
		if err != nil {
			return nil, nil, err
		}
		if !ok || !r.Now().Before(l.Ends) || !l.Revoked.IsZero() {
			continue
		}
		if _, err := r.lapse(ctx, &l); err != nil {
			return nil, nil, err
		}
		id := secret.Token(16)
		if i := slices.IndexFunc(l.Places, func(p recovery.LinkPlace) bool { return p.Binding != "" && r.holds(p.Binding) }); i >= 0 {
			id = l.Places[i].Account
		}
		if made, err := r.wasMade(ctx, id); made || err != nil {
			return nil, recovery.NewProblem(recovery.ProblemInviteUsed), err
		}
		if !l.Hold(id, "", r.Now()) {
			return nil, r.noPlace(&l), nil
		}
		r.flow.Groups = l.Groups
		if l.Maker != "" {
			r.flow.Person, r.flow.PersonName = l.Maker, l.By
		}
		r.link = key
		return &recovery.Ticket{Purpose: recovery.GroupInvite, Account: id, Made: r.Now(), Expires: r.Now().Add(recovery.PlaceHeld)}, nil, nil
	}
	return nil, nil, nil
}

// noPlace is what is said of a link without a place: all are used, or some are held
// by people who may not come to an end.
func (r *run) noPlace(l *recovery.GroupLink) *recovery.Problem {
	if l.Used() >= l.Uses {
		return recovery.NewProblem(recovery.ProblemInviteFull)
	}
	return recovery.NewProblem(recovery.ProblemInviteHeld)
}

// hold keeps the place for this browser: of many that ask at once as many get one as
// there are. It comes last, as the binding of a ticket does.
func (r *run) hold(ctx context.Context) (*recovery.Problem, error) {
	l, ok, err := kv.Load[recovery.GroupLink](ctx, r.Store, r.link)
	if err != nil || !ok {
		return recovery.NewProblem(recovery.ProblemLinkExpired), err
	}
	nothing, err := r.lapse(ctx, &l)
	if err != nil {
		return nil, err
	}
	var full *recovery.Problem
	err = r.swapLink(ctx, r.link, func(l *recovery.GroupLink) error {
		now := r.Now()
		l.GiveBack(nothing, now)
		if full = nil; !l.Hold(r.flow.Account, r.flow.Binding, now) {
			full = r.noPlace(l)
			return recovery.ErrMoved
		}
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		if full == nil {
			full = recovery.NewProblem(recovery.ProblemLinkExpired)
		}
		return full, nil
	}
	return nil, err
}
