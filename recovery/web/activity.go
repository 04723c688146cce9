package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/templates"
)

// Limits of one page of activity. A page reads so many segments and no more, and
// leads to what is older.
const (
	activityRows     = 50
	activitySegments = 64
)

// ownActivity is what happened to one's own account, the newest first. What cannot
// be read is said on the page.
func (x *exchange) ownActivity(a *recovery.Account, s *recovery.Session) templates.Content {
	q := engine.TrailQuery{Account: a.ID, Back: true, From: cursor(x.r.URL.Query()), Segments: activitySegments}
	log, err := x.activity(q, a)
	if err != nil {
		x.log().Error("activity cannot be read", "error", err)
		log.Lost = true
	}
	return templates.AccountActivityPage{Own: x.own(a, s), Log: log}
}

// activity reads a page; own is the account whose page it is, nil: an administrator
// reads.
func (x *exchange) activity(q engine.TrailQuery, own *recovery.Account) (templates.Log, error) {
	log := templates.Log{Later: q.From.ID != ""}
	rest, lost, err := x.Engine.ReadTrail(x.r.Context(), q, func(e engine.TrailEntry) bool {
		log.Entries = append(log.Entries, entryOf(e, own))
		return len(log.Entries) < activityRows
	})
	log.Lost = lost > 0
	if rest.ID != "" {
		log.Older = rest.At.UTC().Format(time.RFC3339Nano) + "." + rest.ID
	}
	return log, err
}

// entryOf is a record as people read it. Why an administrator did something is not
// on one's own page: the notice tells what is to be told.
func entryOf(e engine.TrailEntry, own *recovery.Account) templates.Activity {
	out := templates.Activity{Event: string(e.Event), At: e.At, Network: e.Network, Browser: e.Browser}
	if _, known := e.Event.Info(); !known {
		out.Event = "other"
	}
	if e.Count > 1 {
		out.Count = e.Count
	}
	if own == nil || e.Whom != own.ID {
		out.Name, out.Gone = e.Name, e.Name == "" && e.Whom != ""
	}
	if own == nil {
		out.Detail = e.Detail
	}
	switch {
	case e.Who != "" && e.Who != e.Whom:
		out.By, out.ByGone = e.By, e.By == ""
	case e.As == "command line":
		out.ByWay = "command"
	case e.As == "closing link":
		out.ByWay = "link"
	}
	return out
}

// cursor reads where to go on; what is none begins anew.
func cursor(query url.Values) engine.TrailCursor {
	text := query.Get("from")
	i := strings.LastIndexByte(text, '.')
	if i < 0 {
		return engine.TrailCursor{}
	}
	at, err := time.Parse(time.RFC3339Nano, text[:i])
	if err != nil || text[i+1:] == "" {
		return engine.TrailCursor{}
	}
	return engine.TrailCursor{At: at, ID: text[i+1:]}
}

// showActivity is what happened to everybody, for administrators.
func (x *exchange) showActivity() {
	a, _ := x.administrator()
	if a == nil {
		return
	}
	query := x.r.URL.Query()
	c := templates.PeopleActivityPage{User: query.Get("user"), Event: query.Get("event"), Since: query.Get("since"), Until: query.Get("until")}
	for _, e := range recovery.Events() {
		c.Events = append(c.Events, string(e.Name))
	}
	q, found, err := x.chosen(query)
	if err == nil && found {
		q.Back, q.From, q.Segments = true, cursor(query), activitySegments
		c.Log, err = x.activity(q, nil)
	}
	if err != nil {
		x.unavailable(err)
		return
	}
	x.page(http.StatusOK, x.mine(), c)
}

// chosen reads what a query asks for; false: of somebody whom there is not.
func (x *exchange) chosen(query url.Values) (q engine.TrailQuery, found bool, err error) {
	if e := recovery.EventName(query.Get("event")); e != "" {
		q.Events = []recovery.EventName{e}
	}
	q.Since, q.Until = day(query.Get("since")), day(query.Get("until"))
	name := strings.TrimSpace(query.Get("user"))
	if name == "" {
		return q, true, nil
	}
	a, err := x.Engine.Find(x.r.Context(), name)
	switch {
	case err == nil:
		q.Account = a.ID
	case !errors.Is(err, recovery.ErrNoAccount):
		return q, false, err
	case len(name) != recovery.IDSize:
		return q, false, nil
	default:
		q.Account = name // of an account that is gone only the id is known
	}
	return q, true, nil
}

// day reads a day; what is none is no limit.
func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

// export sends all that was chosen, one record a line, as it is read: it takes the
// same little memory whatever there is. It asks for a proof that is fresh.
func (x *exchange) export() {
	a, s := x.administrator()
	switch {
	case a == nil:
		return
	case !x.Engine.Methods.HasFactor(a):
		x.adminRefused(a, "without a second factor")
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemAdminFactor)
		return
	case !x.Engine.Fresh(a, s):
		x.stepUp(x.r.URL.RequestURI())
		return
	}
	q, found, err := x.chosen(x.r.URL.Query())
	if err != nil {
		x.unavailable(err)
		return
	}
	h := x.w.Header()
	h.Set("Content-Type", "application/jsonl; charset=utf-8")
	h.Set("Content-Disposition", `attachment; filename="activity.jsonl"`)
	if !found {
		return
	}
	out := json.NewEncoder(x.w)
	_, lost, err := x.Engine.ReadTrail(x.r.Context(), q, func(e engine.TrailEntry) bool { return out.Encode(e.Line()) == nil })
	if err != nil || lost > 0 {
		x.log().Error("an export of the audit trail is not whole", "lost", lost, "error", err)
		panic(http.ErrAbortHandler) // whoever reads it sees that it was cut off
	}
}
