package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// proposedKey lists the accounts of which something may wait for another
// administrator. What does stands in the account.
const proposedKey = "proposed"

type proposed struct {
	Account string    `json:"account"`
	Until   time.Time `json:"until"`
}

// second tells whether what somebody asks for waits for another administrator: the
// command line never does, nor what one has agreed to.
func (e *Engine) second(by Authority) bool {
	return e.Policy.SecondAdmin && by.admin != nil && !by.agreed
}

// secondIfGranted has another administrator agree before somebody becomes one.
func (e *Engine) secondIfGranted(ctx context.Context, by Authority, who *recovery.Account, x recovery.Edit, reason string) error {
	if !e.second(by) || x.Do != recovery.ActionGroups || who.Admin() || !slices.Contains(x.Groups, recovery.GroupAdmins) {
		return nil
	}
	err := e.propose(ctx, by.admin, who, recovery.Proposal{Do: string(recovery.ActionGroups), Groups: x.Groups, Reason: reason})
	if err == nil {
		err = recovery.ErrSecond
	}
	return err
}

// mayPropose refuses what nobody could agree to, with what the operator can do.
func (e *Engine) mayPropose(ctx context.Context, asker string, who *recovery.Account, do string) error {
	able, err := e.ableAdmins(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(able, func(id string) bool { return id != asker && id != who.ID }) {
		return nil
	}
	line := "user groups " + who.Name
	if do == string(recovery.ActionCase) {
		line = "user reset-password " + who.Name
	}
	return fmt.Errorf("%w: whoever runs the server can do it: caddy sparekey %s", recovery.ErrNoSecond, line)
}

// propose writes the row, and tells those who can agree.
func (e *Engine) propose(ctx context.Context, asker *recovery.Account, who *recovery.Account, p recovery.Proposal) error {
	if err := e.mayPropose(ctx, asker.ID, who, p.Do); err != nil {
		return err
	}
	others, err := e.administratorsBut(ctx, asker.ID, who.ID)
	if err != nil {
		return err
	}
	p.ID, p.Asker, p.By, p.Until = strings.ToLower(secret.Code(keyIDSize)), asker.ID, asker.Name, e.Now().Add(recovery.ProposalLife)
	if err := e.listProposed(ctx, proposed{who.ID, p.Until}); err != nil {
		return err
	}
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventSecondAsked, Detail: p.Do + ": " + p.Reason})
	a, err := e.editOwing(ctx, who.ID, recovery.Within(func(a *recovery.Account) error {
		if err := a.Propose(p, e.Now()); err != nil {
			return err
		}
		e.oweAs(a, recovery.Owed{Event: recovery.EventSecondAsked, At: e.Now(), Base: actor(ctx).Base, To: others, Admin: true, Thing: recovery.Thing{Person: asker.Name, Reason: p.Reason}})
		return e.enter(a, &ev)
	}))
	if err != nil {
		return err
	}
	e.say(ev)
	e.deliver(ctx, a)
	return nil
}

func (e *Engine) listProposed(ctx context.Context, row proposed) error {
	now := e.Now()
	_, err := kv.Update(ctx, e.Store, proposedKey, now.Add(recovery.ProposalLife), func(list *[]proposed, _ bool) error {
		*list = append(slices.DeleteFunc(*list, func(x proposed) bool { return x.Account == row.Account || !now.Before(x.Until) }), row)
		return nil
	})
	return err
}

// Waiting is what waits for another administrator.
type Waiting struct {
	Person *recovery.Account
	recovery.Proposal
}

// Waiting lists what waits for another administrator.
func (e *Engine) Waiting(ctx context.Context) ([]Waiting, error) {
	list, _, err := kv.Load[[]proposed](ctx, e.Store, proposedKey)
	var out []Waiting
	for _, x := range list {
		a, problem := e.account(ctx, x.Account)
		if errors.Is(problem, recovery.ErrNoAccount) {
			continue
		}
		if problem != nil {
			return nil, problem
		}
		for _, p := range a.Proposed(e.Now()) {
			out = append(out, Waiting{a, p})
		}
	}
	return out, err
}

// Agree does what another administrator has asked for. Errors: those of [Engine.Edit],
// [recovery.ErrAsker] and [recovery.ErrMoved] when nothing of that id waits any more.
func (e *Engine) Agree(ctx context.Context, by *recovery.Account, person, id string) error {
	who, p, err := e.takeProposal(ctx, by, person, id, by.ID, recovery.EventSecondAgreed)
	if err != nil {
		return err
	}
	if p.Do == string(recovery.ActionCase) {
		return e.agreedCase(Administrator(by).acting(ctx), who, p)
	}
	_, err = e.Edit(ctx, Authority{admin: by, agreed: true}, person, recovery.Edit{Do: recovery.Action(p.Do), Groups: p.Groups}, askedBy(p))
	return err
}

// Decline takes what waits back: anybody who could agree, or who has asked.
func (e *Engine) Decline(ctx context.Context, by *recovery.Account, person, id string) error {
	_, _, err := e.takeProposal(ctx, by, person, id, "", recovery.EventSecondDeclined)
	return err
}

// takeProposal takes a row, once, for somebody who may act; but is who may not.
func (e *Engine) takeProposal(ctx context.Context, by *recovery.Account, person, id, but string, name recovery.EventName) (who *recovery.Account, p recovery.Proposal, err error) {
	if _, err := e.accountable(Administrator(by), person, "agreed"); err != nil {
		return nil, p, err
	}
	ev := e.attributed(Administrator(by).acting(ctx), recovery.Event{Name: name})
	who, err = e.edit(ctx, person, func(a *recovery.Account) error {
		var ok bool
		if p, ok = a.TakeProposal(id, e.Now()); !ok {
			return recovery.ErrMoved
		}
		if p.Asker == but {
			return recovery.ErrAsker
		}
		ev.Detail = p.Do + ", asked by " + p.By + ": " + p.Reason
		return e.enter(a, &ev)
	})
	if err == nil {
		e.say(ev)
	}
	return who, p, err
}

// agreedCase opens the case: it is mailed now, or the code counts now that was handed
// over.
func (e *Engine) agreedCase(ctx context.Context, who *recovery.Account, p recovery.Proposal) error {
	detail := askedBy(p)
	if p.Ticket == "" {
		to, err := e.caseAddress(ctx, who)
		if err != nil {
			return err
		}
		if p.Temporary {
			return e.mailTemporary(ctx, who, to, p.Reason, detail)
		}
		return e.mailOpened(ctx, who, to, p.Reason, detail)
	}
	if who.State != recovery.StateActive && who.State != recovery.StateFrozen {
		return recovery.ErrNotAllowed
	}
	who, err := e.opened(ctx, who.ID, opening{name: recovery.EventCaseShown, reason: p.Reason, detail: detail})
	if err != nil {
		return err
	}
	t := recovery.Ticket{Purpose: recovery.AdminInPerson, Account: who.ID, Generation: who.Generation, Acts: who.Acts, Made: e.Now(), Expires: e.Now().Add(e.Policy.Lifetimes.Case)}
	if made, err := kv.Create(ctx, e.Store, p.Ticket, t, t.Expires); err != nil || !made {
		return errors.Join(recovery.ErrMoved, err)
	}
	e.deliver(ctx, who)
	return nil
}

func askedBy(p recovery.Proposal) string { return p.Reason + " (asked by " + p.By + ")" }

// secondCould refuses a case, while its form can still be told, that nobody could
// agree to.
func (r *run) secondCould(ctx context.Context) (*recovery.Problem, error) {
	if !r.Policy.SecondAdmin {
		return nil, nil
	}
	err := r.mayPropose(ctx, r.account.ID, &recovery.Account{ID: r.flow.Person, Name: r.flow.PersonName}, string(recovery.ActionCase))
	if errors.Is(err, recovery.ErrNoSecond) {
		return recovery.NewProblem(recovery.ProblemNoSecond), nil
	}
	r.flow.Second = err == nil
	return nil, err
}

// proposeCase has the case wait. A code to be handed over was shown, and opens nothing
// yet.
func (r *run) proposeCase(ctx context.Context, who *recovery.Account) error {
	p := recovery.Proposal{Do: string(recovery.ActionCase), Goal: r.flow.Goal, Temporary: r.flow.Temporary, Reason: r.flow.Reason}
	if r.handsOver() {
		var token string
		if err := json.Unmarshal(r.flow.Pending[recovery.AdminInPerson].Data, &token); err != nil {
			return fmt.Errorf("%w: %w", recovery.ErrMoved, err)
		}
		p.Ticket = r.ticketKeys(token)[0]
	}
	return r.propose(r.acting(ctx), r.account, who, p)
}
