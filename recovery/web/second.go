package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/templates"
)

// Choices about what waits for another administrator; behind them stands an id.
const (
	agreeTo = "agree:"
	decline = "decline:"
)

// answersSecond does what those buttons say; false when it was another one.
func (x *exchange) answersSecond(a *recovery.Account) bool {
	choice := x.r.PostForm.Get("choice")
	ctx := engine.By(x.r.Context(), engine.Actor{Base: x.client.Base})
	if id, ok := strings.CutPrefix(choice, agreeTo); ok {
		x.answered("second_agreed", x.Engine.Agree(ctx, a, x.person, id))
		return true
	}
	if id, ok := strings.CutPrefix(choice, decline); ok {
		x.answered("second_declined", x.Engine.Decline(ctx, a, x.person, id))
		return true
	}
	return false
}

func (x *exchange) answered(says string, err error) {
	switch {
	case errors.Is(err, recovery.ErrNoAccount), errors.Is(err, recovery.ErrMoved):
		x.refuse(http.StatusNotFound, "not_found")
	case errors.Is(err, recovery.ErrAsker), errors.Is(err, recovery.ErrNotAllowed), errors.Is(err, engine.ErrNotMailed):
		x.refuse(http.StatusForbidden, recovery.ProblemNotAvailable)
	case err != nil:
		x.unavailable(err)
	default:
		x.redirect(Prefix + "people/" + x.person + "?done=" + says)
	}
}

// waitingFor is what waits for another administrator: of one person, or of all.
func (x *exchange) waitingFor(a *recovery.Account, person string) ([]templates.Proposal, error) {
	list, err := x.Engine.Waiting(x.r.Context())
	var out []templates.Proposal
	for _, w := range list {
		if person != "" && w.Person.ID != person {
			continue
		}
		out = append(out, templates.Proposal{
			ID: w.ID, Person: templates.Person{ID: w.Person.ID, Name: w.Person.Name}, What: w.Do, By: w.By, Reason: w.Reason, Until: w.Until,
			Own: w.Asker == a.ID, Self: w.Person.ID == a.ID,
		})
	}
	return out, err
}
