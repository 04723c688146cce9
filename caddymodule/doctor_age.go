package caddymodule

import (
	"context"
	"time"
)

// ageNews is how long an older store is told of.
const ageNews = 30 * 24 * time.Hour

// ageCheck tells of a store that was replaced by an older one.
func (o *operations) ageCheck(ctx context.Context) check {
	m, err := o.engine.Mark(ctx)
	now := o.engine.Now()
	if err != nil {
		return check{"age", levelWarning, "whether the store is an older one is not known: " + err.Error(), "", nil}
	}
	marks := newMarkFile()
	if o.queue == nil { // no Caddy runs: a command looks
		marks = markFileOfCommand()
	}
	seen, err := marks.Seen(m.ID)
	switch {
	case err != nil:
		return check{"age", levelWarning, "a restored backup would not show: " + err.Error(), "make the file readable and writable for Caddy's user", nil}
	case m.N < seen:
		return check{
			"age", levelFault, "the store is older than what was acknowledged; the next start voids sessions, links and opening codes",
			"start Caddy, or if it was restored on purpose: caddy sparekey restore --accept-old", nil,
		}
	case !m.Older.IsZero() && now.Sub(m.Older).Abs() < ageNews:
		return check{
			"age", levelWarning, "at " + m.Older.UTC().Format(time.RFC3339) + " the store was found older than what was acknowledged: sessions, links and opening codes were voided",
			"replaced factors and used recovery codes may be back: have people look at their account pages", nil,
		}
	case !m.Accepted.IsZero() && now.Sub(m.Accepted).Abs() < ageNews:
		return check{"age", levelWarning, "an older store was accepted at " + m.Accepted.UTC().Format(time.RFC3339), "", nil}
	case seen == 0:
		return check{"age", levelWarning, "no mark of the store is kept outside of it here: a restored backup would not show", "keep Caddy's config folder between starts", nil}
	}
	return fine("age", "it is not older than what was acknowledged")
}
