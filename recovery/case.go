package recovery

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
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

// helpable tells whether a case could be opened for somebody: it is handed
// over in person, or there is an address to send it to.
func (r *run) helpable(a *Account) bool {
	if a.State != StateActive && a.State != StateFrozen {
		return false
	}
	return r.handsOver() || a.Address(ChannelMail, r.Now()) != "" && r.Notify != nil && r.Notify.Has(ChannelMail)
}

func (r *run) handsOver() bool {
	return r.Policy.InPerson(r.flow.Goal, r.Methods.has(ChannelMail))
}

// openCase gives a person a way back that an administrator answers for. The
// ticket goes to the person's stored address and the administrator never sees
// it (AD-01, AD-04), unless the case is handed over in person. All the person's
// channels are told either way.
func (r *run) openCase(ctx context.Context) error {
	who, err := r.Engine.account(ctx, r.flow.Person)
	if err != nil {
		return err
	}
	if !r.helpable(who) {
		return errMoved
	}
	purpose, token, name := Admin, secret.Token(32), EventCaseOpened
	if r.handsOver() {
		purpose, name = AdminInPerson, EventCaseShown
		if err := json.Unmarshal(r.flow.Pending[AdminInPerson].Data, &token); err != nil {
			return fmt.Errorf("%w: %w", errMoved, err)
		}
	}
	t := Ticket{Purpose: purpose, Account: who.ID, Generation: who.Generation, Made: r.Now(), Expires: r.Now().Add(r.Policy.Lifetimes.Case)}
	if err := r.writeTicket(ctx, token, t); err != nil {
		return err
	}
	if purpose == Admin {
		r.mailCase(who, token, t.Expires)
	}
	ev := r.event(name)
	ev.Detail = who.ID + ": " + r.flow.Reason
	r.audit(ev)
	r.Engine.notice(ctx, who, name, r.client)
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
