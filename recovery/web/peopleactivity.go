package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/templates"
)

// showActivity is what happened to everybody, for administrators. Whom it is about
// stands in the address as an id, for names are nothing for logs.
func (x *exchange) showActivity() {
	if x.looking() == nil {
		return
	}
	query := x.r.URL.Query()
	c := templates.PeopleActivityPage{Who: query.Get("who"), Event: query.Get("event"), Since: query.Get("since"), Until: query.Get("until")}
	who, err := x.whose(c.Who)
	switch {
	case errors.Is(err, recovery.ErrNoAccount):
		x.refuse(http.StatusNotFound, "not_found")
		return
	case err == nil:
		q := wanted(c)
		q.Back, q.From, q.Segments = true, cursor(query), activitySegments
		c.Name = who
		c.Log, err = x.activity(q, nil)
	}
	if err != nil {
		x.unavailable(err)
		return
	}
	x.activityPage(http.StatusOK, c, nil)
}

func (x *exchange) activityPage(status int, c templates.PeopleActivityPage, wrong *recovery.Problem) {
	for _, e := range recovery.Events() {
		c.Events = append(c.Events, string(e.Name))
	}
	f := x.mine()
	if wrong != nil {
		f.Problem = text(wrong)
	}
	x.page(status, f, c)
}

// wanted is the query of a page.
func wanted(c templates.PeopleActivityPage) engine.TrailQuery {
	q := engine.TrailQuery{Account: c.Who}
	if c.Event != "" {
		q.Events = []recovery.EventName{recovery.EventName(c.Event)}
	}
	q.Since, _ = day(c.Since)
	q.Until, _ = day(c.Until)
	return q
}

// whose is the name of the account whose records are wanted. Of one that is gone the
// id is known only.
func (x *exchange) whose(id string) (string, error) {
	if id == "" {
		return "", nil
	}
	a, err := x.Engine.Person(x.r.Context(), id)
	switch {
	case err == nil:
		return a.Name, nil
	case (errors.Is(err, recovery.ErrNoAccount) || errors.Is(err, recovery.ErrGone)) && len(id) == recovery.IDSize:
		return "", nil
	}
	return "", err
}

// chooseActivity takes what the form says, and leads to the page of it.
func (x *exchange) chooseActivity() {
	if x.looking() == nil {
		return
	}
	typed := x.r.PostForm.Get
	c := templates.PeopleActivityPage{Name: strings.TrimSpace(typed("name")), Event: typed("event"), Since: typed("since"), Until: typed("until")}
	var wrong []*recovery.Problem
	if c.Name != "" {
		a, err := x.Engine.Find(x.r.Context(), c.Name)
		switch {
		case err == nil:
			c.Who = a.ID
		case !errors.Is(err, recovery.ErrNoAccount):
			x.unavailable(err)
			return
		case len(c.Name) == recovery.IDSize:
			c.Who = c.Name // of somebody who is gone
		default:
			wrong = append(wrong, recovery.InField("activity_nobody", "name"))
		}
	}
	for _, field := range []string{"since", "until"} {
		if _, ok := day(typed(field)); !ok {
			wrong = append(wrong, recovery.InField("activity_day", field))
		}
	}
	if len(wrong) > 0 {
		x.activityPage(http.StatusUnprocessableEntity, c, recovery.AllOf(wrong))
		return
	}
	x.redirect(c.URL(x.keep))
}

// day reads a day, which may be left out.
func day(text string) (time.Time, bool) {
	if text == "" {
		return time.Time{}, true
	}
	t, err := time.Parse(time.DateOnly, text)
	return t, err == nil
}

// export sends all that was chosen, one record a line, as it is read: it takes the
// same little memory whatever there is.
func (x *exchange) export() {
	if x.looking() == nil {
		return
	}
	query := x.r.URL.Query()
	q := wanted(templates.PeopleActivityPage{Who: query.Get("who"), Event: query.Get("event"), Since: query.Get("since"), Until: query.Get("until")})
	h := x.w.Header()
	h.Set("Content-Type", "application/jsonl; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="activity.jsonl"`)
	out := json.NewEncoder(x.w)
	_, lost, err := x.Engine.ReadTrail(x.r.Context(), q, func(e engine.TrailEntry) bool { return out.Encode(e.Line()) == nil })
	if err != nil || lost > 0 {
		x.log().Error("an export of the audit trail is not whole", "lost", lost, "error", err)
		panic(http.ErrAbortHandler) // whoever reads it sees that it was cut off
	}
}
