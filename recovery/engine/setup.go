package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// HasAccounts reports whether the first account exists. Once it does, the answer
// is kept in the process.
func (e *Engine) HasAccounts(ctx context.Context) (bool, error) {
	if e.settled.Load() {
		return true, nil
	}
	id, ok, err := kv.Load[string](ctx, e.Store, firstKey)
	if err != nil || !ok {
		return false, err
	}
	if _, err := e.account(ctx, id); errors.Is(err, recovery.ErrNoAccount) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	e.settled.Store(true)
	return true, e.HearExtensions(ctx)
}

const (
	firstKey = "first"
	setupKey = "setup"
)

// setup is the record of the set-up that is open. The account id is chosen
// once, so that a set-up repeated after a crash finds its own half-written
// index entries and no others.
type setup struct {
	Account string `json:"account"`
	Links   []link `json:"links"` // that live, oldest first
}

// link is one way to open the set-up.
type link struct {
	Ticket string    `json:"ticket"` // key of the ticket record
	Until  time.Time `json:"until"`
}

// maxLinks is how many set-up links are valid at once: each of as many nodes
// that start on the same empty store has printed its own.
const maxLinks = 5

// OpenSetup makes a set-up code (80 bits, grouped) for the first account and
// invalidates those before. It returns [recovery.ErrSetUp] when there is an
// account already.
func (e *Engine) OpenSetup(ctx context.Context) (string, error) { return e.openSetup(ctx, 1) }

// AnnounceSetup is OpenSetup for a node that starts: up to four links that
// other nodes have printed stay valid, because they cannot print them again.
func (e *Engine) AnnounceSetup(ctx context.Context) (string, error) {
	return e.openSetup(ctx, maxLinks)
}

func (e *Engine) openSetup(ctx context.Context, keep int) (string, error) {
	done, err := e.HasAccounts(ctx)
	if err != nil {
		return "", err
	}
	if done {
		return "", recovery.ErrSetUp
	}
	code, now := secret.Code(16), e.Now()
	l := link{e.ticketKeys(code)[0], now.Add(e.Policy.Lifetimes.Setup)}
	var void []link
	s, err := kv.Update(ctx, e.Store, setupKey, time.Time{}, func(s *setup, exists bool) error {
		if !exists {
			s.Account = secret.Token(16)
		}
		live := slices.DeleteFunc(append(slices.Clone(s.Links), l), func(l link) bool { return !now.Before(l.Until) })
		over := max(len(live)-keep, 0)
		void, s.Links = live[:over], live[over:]
		return nil
	})
	if err != nil {
		return "", err
	}
	for _, old := range void {
		if err := kv.Delete(ctx, e.Store, old.Ticket); err != nil {
			return "", err
		}
	}
	return secret.Group(code, 4), e.writeTicket(ctx, code, recovery.Ticket{Purpose: recovery.SetupTicket, Account: s.Account, Made: e.Now(), Expires: l.Until})
}

// unlessSetUp refuses a set-up when there is an account.
func (r *run) unlessSetUp(ctx context.Context, _ recovery.Input) (*recovery.Problem, error) {
	if done, err := r.HasAccounts(ctx); done || err != nil {
		return recovery.NewProblem(recovery.ProblemSetupDone), err
	}
	return nil, nil
}

// create writes the first account: index entries, then the claim of being
// first, then the account. A crash between any two leaves nothing that opens
// anything, and the set-up link can be used again.
func (r *run) create(ctx context.Context, end recovery.End) (*recovery.Account, recovery.Effects, error) {
	s, ok, err := kv.Load[setup](ctx, r.Store, setupKey)
	if err != nil || !ok || s.Account != r.flow.Account || !s.has(r.flow.Reserved[0].ID) {
		return nil, recovery.Effects{}, errors.Join(recovery.ErrMoved, err)
	}
	if done, err := r.HasAccounts(ctx); done || err != nil {
		return nil, recovery.Effects{}, errors.Join(recovery.ErrMoved, err) // by another link
	}
	a := &recovery.Account{ID: r.flow.Account, Name: r.flow.Name, Created: end.Now, Groups: []string{recovery.GroupAdmins}}
	a.AddAddresses(r.flow.Mail, r.flow.Phone)
	eff, err := end.Apply(a)
	if err == nil {
		err = r.enterAll(a, eff)
	}
	if err != nil {
		return nil, eff, err
	}
	if err := r.claim(ctx, a); err != nil {
		return nil, eff, err
	}
	if err := r.claimFirst(ctx, a.ID); err != nil {
		return nil, eff, err
	}
	made, err := kv.Create(ctx, r.Store, recovery.AccountKey(a.ID), *a, time.Time{})
	if err == nil && !made {
		err = recovery.ErrMoved
	}
	r.trail.owes(a.ID)
	return a, eff, err
}

// has reports whether a link is one of the last. The flow that it has begun ends
// by its own time.
func (s setup) has(ticket string) bool {
	return slices.ContainsFunc(s.Links, func(l link) bool { return l.Ticket == ticket })
}

func (e *Engine) claimFirst(ctx context.Context, id string) error {
	_, err := kv.Update(ctx, e.Store, firstKey, time.Time{}, func(first *string, exists bool) error {
		if exists && *first != id {
			return recovery.ErrMoved
		}
		*first = id
		return nil
	})
	return err
}
