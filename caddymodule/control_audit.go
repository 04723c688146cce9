package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// Limits of one answer about the audit trail. The command asks for one after the
// other, so that any number takes little memory.
const (
	auditRecords  = 500
	auditSegments = 200
)

// auditPart is a part of the records that are wanted.
type auditPart struct {
	Records []auditRecord      `json:"records"`
	Next    engine.TrailCursor `json:"next"` // empty: that was all
	Lost    int                `json:"lost"`
}

// auditRecord is one record as programs get it: a line of JSON each.
type auditRecord struct {
	Time    time.Time `json:"time"`
	Event   string    `json:"event"`
	Account string    `json:"account,omitempty"`
	User    string    `json:"user,omitempty"` // empty with an account: that is gone
	By      string    `json:"by,omitempty"`
	ByID    string    `json:"by_account,omitempty"`
	Method  string    `json:"method,omitempty"`
	IP      string    `json:"client_ip,omitempty"`
	Browser string    `json:"browser,omitempty"`
	Detail  string    `json:"detail,omitempty"`
	Flow    string    `json:"flow,omitempty"`
	Count   int       `json:"count,omitempty"`
	Node    string    `json:"node"`
	ID      string    `json:"id"`
	Hidden  bool      `json:"hidden,omitempty"` // what was private of it cannot be read any more
}

func recordOf(x engine.TrailEntry) auditRecord {
	by := x.As
	if x.Who != "" {
		by = x.By
	}
	return auditRecord{
		Time: x.At, Event: string(x.Event), Account: x.Whom, User: x.Name, By: by, ByID: x.Who, Method: x.Method, IP: x.Network, Browser: x.Browser,
		Detail: x.Detail, Flow: x.Flow, Count: x.Count, Node: x.Node, ID: x.ID, Hidden: x.Hidden,
	}
}

// audit reads a part of the trail.
func (o *operations) audit(ctx context.Context, user string, args *auditArguments) (auditPart, error) {
	out := auditPart{Records: []auditRecord{}}
	if args == nil {
		return out, errors.New("audit without what is wanted")
	}
	q := engine.TrailQuery{Since: args.Since, Until: args.Until, From: args.From, Segments: auditSegments}
	for _, name := range args.Events {
		if _, known := recovery.EventName(name).Info(); !known {
			return out, fmt.Errorf("there is no event %q: see recovery/EVENTS.md", name)
		}
		q.Events = append(q.Events, recovery.EventName(name))
	}
	if user != "" {
		q.Account = user // of an account that is gone only the id is known
		a, err := o.engine.Find(ctx, user)
		switch {
		case err == nil:
			q.Account = a.ID
		case !errors.Is(err, recovery.ErrNoAccount) || len(user) != recovery.IDSize:
			return out, fmt.Errorf("%w: %q: see who there is with: caddy sparekey user list", err, user)
		}
	}
	var err error
	out.Next, out.Lost, err = o.engine.ReadTrail(ctx, q, func(x engine.TrailEntry) bool {
		out.Records = append(out.Records, recordOf(x))
		return len(out.Records) < auditRecords
	})
	return out, err
}

func (o *operations) auditVerify(ctx context.Context, args *auditArguments) (engine.TrailReport, error) {
	if args == nil {
		args = &auditArguments{}
	}
	if err := o.engine.WriteTrail(ctx); err != nil {
		return engine.TrailReport{}, err
	}
	return o.engine.VerifyTrail(ctx, slices.Clone(args.Heads))
}
