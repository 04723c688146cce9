package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// takeCase takes the form of a case. The form on a person's page begins the
// flow with it, so that the answers are there before the strong proof and are
// not asked for twice.
func (r *run) takeCase(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	if g := recovery.Goal(in.Choice); slices.Contains(recovery.Goals(), g) {
		r.flow.Goal, r.flow.Temporary = g, false
	}
	if in.Choice == recovery.ChoiceTemporary {
		if !r.Policy.TemporaryPassword {
			return recovery.NewProblem(recovery.ProblemNotAvailable), nil
		}
		r.flow.Goal, r.flow.Temporary = recovery.GoalPassword, true
	}
	var wrong []*recovery.Problem
	if r.flow.Person == "" {
		p, err := r.helped(ctx, in)
		if err != nil {
			return nil, err
		}
		if p != nil {
			wrong = append(wrong, p)
		}
	}
	reason := strings.TrimSpace(in.Reason)
	if len(reason) < 3 || len(reason) > 500 {
		wrong = append(wrong, recovery.NewProblem(recovery.ProblemReason))
	}
	if len(wrong) > 0 {
		return recovery.AllOf(wrong), nil
	}
	if p, err := r.mayMailCase(ctx); p != nil || err != nil {
		return p, err
	}
	if p, err := r.secondCould(ctx); p != nil || err != nil {
		return p, err
	}
	r.flow.Reason = reason
	return nil, nil
}

// openCase issues the ticket of a case. It goes to the person's stored address
// and the administrator never sees it (AD-01, AD-04), unless the case is handed
// over in person. All channels of the person are notified in both cases.
func (r *run) openCase(ctx context.Context) error {
	who, err := r.Engine.account(ctx, r.flow.Person)
	if err != nil {
		return err
	}
	if !r.helpable(who) {
		return recovery.ErrMoved
	}
	if r.flow.Second {
		return r.proposeCase(ctx, who)
	}
	if r.flow.Temporary {
		return r.mailTemporary(r.acting(ctx), who, who.Source(recovery.ChannelMail, r.Now()).Value, r.flow.Reason, r.flow.Reason)
	}
	purpose, token, name := recovery.Admin, secret.Token(32), recovery.EventCaseOpened
	if r.handsOver() {
		purpose, name = recovery.AdminInPerson, recovery.EventCaseShown
		if err := json.Unmarshal(r.flow.Pending[recovery.AdminInPerson].Data, &token); err != nil {
			return fmt.Errorf("%w: %w", recovery.ErrMoved, err)
		}
	}
	ev := r.event(name)
	ev.Detail = r.flow.Reason
	who, err = r.Engine.editOwing(ctx, who.ID, func(a *recovery.Account) error {
		r.oweAdmin(By(ctx, Actor{Base: r.client.Base}), a, name, recovery.Thing{})
		return r.enter(a, &ev)
	})
	if err != nil {
		return err
	}
	r.say(ev)
	t := recovery.Ticket{Purpose: purpose, Account: who.ID, Generation: who.Generation, Acts: who.Acts, Made: r.Now(), Expires: r.Now().Add(r.Policy.Lifetimes.Case)}
	if err := r.writeTicket(ctx, token, t); err != nil {
		return err
	}
	if purpose == recovery.Admin {
		r.mailCase(who, token, t.Expires)
	}
	r.Engine.deliver(ctx, who)
	return nil
}

// acting names the administrator of the flow to what others do as well.
func (r *run) acting(ctx context.Context) context.Context {
	return By(ctx, Actor{ID: r.account.ID, Name: r.account.Name, Network: r.client.Network, Base: r.client.Base})
}

// mayMailCase charges the mail of a case while the administrator can still be
// told that there were too many.
func (r *run) mayMailCase(ctx context.Context) (*recovery.Problem, error) {
	if r.handsOver() {
		return nil, nil
	}
	wait, err := r.mayMail(ctx, "admin-case", r.flow.Person)
	if wait > 0 {
		return tooMany(wait), err
	}
	return nil, err
}

func (r *run) mailCase(who *recovery.Account, token string, expires time.Time) {
	hours := strconv.Itoa(int((r.Policy.Lifetimes.Case + time.Hour - 1) / time.Hour))
	m := r.address(recovery.Message{
		Channel: recovery.ChannelMail, To: who.Source(recovery.ChannelMail, r.Now()).Value, Template: "admin-case", Secret: true, Expires: expires,
		Vars: map[string]string{"link": r.linkBy(linkCase, token, r.account.Name), "name": who.Name, "hours": hours, "reason": r.flow.Reason, "admin": r.account.Name},
	})
	m.Lang = cmp.Or(who.Lang, m.Lang)
	r.queue = append(r.queue, m)
}

// helpable tells whether a case could be opened for somebody: it is handed
// over in person, or there is an address to send it to.
func (r *run) helpable(a *recovery.Account) bool {
	if a.State != recovery.StateActive && a.State != recovery.StateFrozen || r.flow.Temporary && !r.leadsOn(a) {
		return false
	}
	return r.handsOver() || a.Source(recovery.ChannelMail, r.Now()).Value != "" && r.Notify != nil && r.Notify.Has(recovery.ChannelMail)
}

func (r *run) handsOver() bool {
	return !r.flow.Temporary && r.Policy.InPerson(r.flow.Goal, r.Methods.Has(recovery.ChannelMail))
}

// helped takes whose case is opened: a name, or an id.
func (r *run) helped(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	name := strings.TrimSpace(in.Name)
	a, err := r.Find(ctx, name)
	if errors.Is(err, recovery.ErrNoAccount) {
		a, err = r.Person(ctx, name)
	}
	if p, err := r.another(a, err, recovery.ProblemNotYourself); p != nil || err != nil {
		return p, err
	}
	if !r.helpable(a) {
		return recovery.NewProblem(recovery.ProblemNotAvailable), nil // nothing can be sent or shown: the operator's rescue is left
	}
	r.flow.Person, r.flow.PersonName = a.ID, a.Name
	return nil, nil
}

// another refuses an account that is nobody's, or one's own.
func (r *run) another(a *recovery.Account, err error, self string) (*recovery.Problem, error) {
	switch {
	case errors.Is(err, recovery.ErrNoAccount), err == nil && a.State == recovery.StateDisabled:
		return recovery.NewProblem(recovery.ProblemContactUnknown), nil
	case err == nil && a.ID == r.account.ID:
		return recovery.NewProblem(self), nil
	}
	return nil, err
}

// forWhom takes whom a case is for, and why, from the form on that person's
// page: what is wrong with it is said there, before a proof is asked.
func (r *run) forWhom(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	for _, need := range []recovery.Need{recovery.Administrates, recovery.Settled} {
		if step, missing := need(r.facts()); missing {
			ev := r.event(recovery.EventAdminRefused)
			ev.Detail = step.Dead
			r.Refused(ctx, ev)
			return nil, nil // said by the flow, whoever was named
		}
	}
	if in.Name == "" {
		return nil, nil // asked in its turn
	}
	return r.takeCase(ctx, in)
}
