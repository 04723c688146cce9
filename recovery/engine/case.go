package engine

import (
	"cmp"
	"context"
	"encoding/json"
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
	reason := strings.TrimSpace(in.Reason)
	if len(reason) < 3 || len(reason) > 500 {
		return recovery.NewProblem(recovery.ProblemReason), nil
	}
	if g := recovery.Goal(in.Choice); slices.Contains(recovery.Goals(), g) {
		r.flow.Goal = g
	}
	if r.flow.Person == "" {
		if p, err := r.somebody(ctx, in); p != nil || err != nil {
			return p, err
		}
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
	purpose, token, name := recovery.Admin, secret.Token(32), recovery.EventCaseOpened
	if r.handsOver() {
		purpose, name = recovery.AdminInPerson, recovery.EventCaseShown
		if err := json.Unmarshal(r.flow.Pending[recovery.AdminInPerson].Data, &token); err != nil {
			return fmt.Errorf("%w: %w", recovery.ErrMoved, err)
		}
	}
	t := recovery.Ticket{Purpose: purpose, Account: who.ID, Generation: who.Generation, Made: r.Now(), Expires: r.Now().Add(r.Policy.Lifetimes.Case)}
	if err := r.writeTicket(ctx, token, t); err != nil {
		return err
	}
	if purpose == recovery.Admin {
		r.mailCase(who, token, t.Expires)
	}
	ev := r.event(name)
	ev.Detail = who.ID + ": " + r.flow.Reason
	r.audit(ev)
	r.Engine.notice(ctx, who, name, r.client)
	return nil
}

func (r *run) mailCase(who *recovery.Account, token string, expires time.Time) {
	hours := strconv.Itoa(int((r.Policy.Lifetimes.Case + time.Hour - 1) / time.Hour))
	m := r.address(recovery.Message{
		Channel: recovery.ChannelMail, To: who.Address(recovery.ChannelMail, r.Now()), Template: "admin-case", Secret: true, Expires: expires,
		Vars: map[string]string{"link": "link#" + token, "name": who.Name, "hours": hours, "reason": r.flow.Reason, "admin": r.account.Name},
	})
	m.Lang = cmp.Or(who.Lang, m.Lang)
	r.queue = append(r.queue, m)
}
