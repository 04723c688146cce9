package web

import (
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
	if !a.Created.IsZero() { // nothing is read of before the account; what led to it may be a little older
		q.Since = a.Created.AddDate(0, 0, -1)
	}
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
		out.Event = "unknown"
	}
	if e.Count > 1 {
		out.Count = e.Count
	}
	if own == nil || e.Whom != own.ID {
		out.Name, out.Gone = e.Name, gone(e.Name, e.Whom)
	}
	if own == nil {
		out.Detail = e.Detail
	}
	switch {
	case e.Who != "" && e.Who != e.Whom:
		out.By, out.ByGone = e.By, gone(e.By, e.Who)
	case e.As == engine.CommandLine:
		out.ByWay = "command"
	case e.As == engine.ByLink:
		out.ByWay = "link"
	}
	return out
}

// gone is the beginning of the id of somebody who has no name any more.
func gone(name, id string) string {
	if name != "" {
		return ""
	}
	return id[:min(4, len(id))]
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
