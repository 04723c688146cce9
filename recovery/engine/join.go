package engine

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// joinMail takes the address. Nothing of it is claimed, and nobody learns whose it is,
// before the code that is sent there has come back.
func (r *run) joinMail(_ context.Context, in recovery.Input) (*recovery.Problem, error) {
	mail, err := recovery.CanonicalMail(in.Mail)
	if err != nil {
		return recovery.NewProblem(recovery.ProblemMailBad), nil
	}
	r.flow.Mail, r.account.Addresses = mail, nil
	r.account.AddAddresses(mail, "")
	return nil, nil
}

// Names that are refused by one link within an hour: whoever has it should not find
// out by it who is here.
const joinNames = 10

// joinName takes the name, and claims it with the address. One that is taken, was, is
// that of a group or looks like another is refused with one sentence.
func (r *run) joinName(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	name := strings.TrimSpace(in.Name)
	if name == "" {
		return recovery.InField(recovery.ProblemMissing, "name"), nil
	}
	if _, err := recovery.CanonicalName(name); err != nil {
		return recovery.NewProblem(recovery.ProblemNameBad), nil
	}
	tries := meter{
		key: r.meterKey("join name", r.linkOf()), rule: window(recovery.Rate{Count: joinNames, Per: time.Hour}), life: time.Hour,
		flow: secret.Token(6), // what is taken back is this try alone
	}
	if err := r.charge(ctx, []meter{tries}); err != nil {
		return nil, err
	}
	r.account.Name = name
	err := r.mayBeCalled(ctx, r.account)
	if err == nil {
		err = r.claim(ctx, r.account)
	}
	switch {
	case errors.Is(err, recovery.ErrAddressTaken):
		r.refund(ctx, []meter{tries}) // the code sent there was right, so this may be told
		return recovery.NewProblem(recovery.ProblemAddressTaken), nil
	case errors.Is(err, recovery.ErrNameTaken), errors.Is(err, recovery.ErrIsGroup), errors.Is(err, recovery.ErrIsPerson):
		return recovery.NewProblem(recovery.ProblemNameElse), nil
	case err != nil:
		return nil, err
	}
	r.refund(ctx, []meter{tries})
	r.flow.Name, r.flow.Names = name, in.Remember
	return nil, nil
}

// mayBeCalled refuses names of groups, of others, and those that look like one of
// theirs.
func (e *Engine) mayBeCalled(ctx context.Context, a *recovery.Account) error {
	if err := errors.Join(e.distinct(ctx, a), e.free(ctx, a)); err != nil {
		return err
	}
	alike, err := e.lookHeld(ctx, a)
	if err != nil {
		return err
	}
	if alike {
		return recovery.TakenError{Kind: "name"}
	}
	look := recovery.Look(a.Name)
	alike, err = e.Anybody(ctx, func(p Person) bool { return p.ID != a.ID && recovery.Look(p.Name) == look })
	if err == nil && alike {
		err = recovery.TakenError{Kind: "name"}
	}
	return err
}

// linkOf is the record of the link that the flow began with.
func (r *run) linkOf() string {
	for _, s := range r.flow.Reserved {
		if s.Kind() == linkKind {
			return s.ID
		}
	}
	return ""
}

// join writes the account. Its place is held anew before, so that nobody is given it
// meanwhile, and marked as used after: a crash between any two leaves an account and
// a used place, or neither.
func (r *run) join(ctx context.Context, end recovery.End) (*recovery.Account, recovery.Effects, error) {
	key, groups := r.linkOf(), []string(nil)
	a := &recovery.Account{ID: r.flow.Account, Name: r.flow.Name, State: recovery.StateInvited, Created: end.Now}
	a.AddAddresses(r.flow.Mail, "")
	if err := errors.Join(r.mayBeCalled(ctx, a), r.claim(ctx, a)); err != nil {
		return nil, recovery.Effects{}, err
	}
	err := r.swapLink(ctx, key, func(l *recovery.GroupLink) error {
		if l.Place(a.ID) == nil || !l.Hold(a.ID, "", r.Now()) {
			return recovery.ErrMoved
		}
		groups = l.Groups
		return nil
	})
	if err != nil {
		return nil, recovery.Effects{}, err
	}
	a.Groups = slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return g == recovery.GroupAdmins })
	eff, err := end.Apply(a)
	if err == nil {
		err = r.enterAll(a, eff)
	}
	if err != nil {
		return nil, eff, err
	}
	if err := r.oweMaker(ctx, a); err != nil {
		return nil, eff, err
	}
	made, err := kv.Create(ctx, r.Store, recovery.AccountKey(a.ID), *a, time.Time{})
	if err == nil && !made {
		err = recovery.ErrMoved
	}
	if err != nil {
		return nil, eff, err
	}
	r.trail.owes(a.ID)
	r.placeUsed(ctx, key, a.ID)
	return a, eff, nil
}

// oweMaker notes in the account that whoever made the link is to hear of it; when that
// was the command line, all administrators.
func (r *run) oweMaker(ctx context.Context, a *recovery.Account) error {
	r.listOwing(ctx, a.ID)
	to, err := r.makers(ctx)
	if err != nil {
		return err
	}
	r.oweAs(a, recovery.Owed{Event: recovery.EventJoined, At: r.Now(), Base: r.client.Base, To: to, Thing: recovery.Thing{Person: a.Name}})
	return nil
}

func (r *run) makers(ctx context.Context) ([]recovery.Recipient, error) {
	maker, err := r.Person(ctx, r.flow.Person)
	if errors.Is(err, recovery.ErrNoAccount) || err == nil && (!maker.Admin() || maker.State != recovery.StateActive) {
		return r.administrators(ctx)
	}
	if err != nil {
		return nil, err
	}
	return r.reachable(maker), nil
}

// placeUsed marks the place as used. If that is not written, the account says so once
// the place has been held for an hour.
func (r *run) placeUsed(ctx context.Context, key, id string) {
	full := false
	err := r.swapLink(ctx, key, func(l *recovery.GroupLink) error {
		l.Use(id)
		full = l.Used() >= l.Uses
		return nil
	})
	if err != nil {
		r.log().Warn("a place of a group's link is not marked as used", "error", err)
	}
	if full {
		r.endInvitation(ctx, inviteKey(key), recovery.InviteFull)
	}
}
