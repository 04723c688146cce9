package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
	Records []engine.TrailLine `json:"records"`
	Next    engine.TrailCursor `json:"next"` // empty: that was all
	Lost    int                `json:"lost"`
}

// audit reads a part of the trail.
func (o *operations) audit(ctx context.Context, user string, args *auditArguments) (auditPart, error) {
	out := auditPart{Records: []engine.TrailLine{}}
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
		out.Records = append(out.Records, x.Line())
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
