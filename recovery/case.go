package recovery

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// because needs whom an administrator helps, what is lost and why.
func because(f Facts) (Step, bool) {
	return Step{Page: PageConfirm, Method: string(KindOpenCase)}, f.Flow.Person == "" || f.Flow.Reason == ""
}

// takeCase takes the form of a case. The form on a person's page begins the
// flow with it: then the facts are there before the strong proof, and are not
// asked for twice.
func (r *run) takeCase(ctx context.Context, in Input) (*Problem, error) {
	reason := strings.TrimSpace(in.Reason)
	if len(reason) < 3 || len(reason) > 500 {
		return problem(ProblemReason), nil
	}
	if g := Goal(in.Choice); slices.Contains(goals(), g) {
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

// openCase gives a person a way back that an administrator answers for: the
// ticket goes to the person's stored address, and the administrator never sees
// it (AD-01, AD-04).
func (r *run) openCase(ctx context.Context) error {
	who, err := r.Engine.account(ctx, r.flow.Person)
	if err != nil {
		return err
	}
	if !r.reachable(who) {
		return errMoved
	}
	token := secret.Token(32)
	t := Ticket{Purpose: Admin, Account: who.ID, Generation: who.Generation, Expires: r.Now().Add(r.Policy.Lifetimes.Case)}
	if err := r.writeTicket(ctx, token, t); err != nil {
		return err
	}
	r.mailCase(who, token, t.Expires)
	ev := r.event(EventCaseOpened)
	ev.Detail = who.ID + ": " + r.flow.Reason
	r.audit(ev)
	r.Engine.notice(ctx, who, EventCaseOpened, r.client)
	return nil
}

func (r *run) mailCase(who *Account, token string, expires time.Time) {
	hours := strconv.Itoa(int((r.Policy.Lifetimes.Case + time.Hour - 1) / time.Hour))
	m := r.address(Message{
		Channel: ChannelMail, To: who.Address(ChannelMail, r.Now()), Template: "admin-case", Secret: true, Expires: expires,
		Vars: map[string]string{"link": "link#" + token, "name": who.Name, "hours": hours, "reason": r.flow.Reason, "admin": r.account.Name},
	})
	m.Lang = cmp.Or(who.Lang, m.Lang)
	r.queue = append(r.queue, m)
}
