package engine

import (
	"context"
	"errors"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// How many notices go out an hour. What is held back stays owed, joins those of
// the same event that follow, and goes out when the hour is over.
const (
	sameNotices = 3  // of one event, to one recipient
	textNotices = 10 // to one number, of all events and accounts

	// textsApart is what lies between two texts of one event: several in a row are
	// one message.
	textsApart = time.Minute
)

// mayTell charges a notice to one recipient, or holds it back. One that cannot
// be charged is sent: it must not be lost.
func (e *Engine) mayTell(ctx context.Context, account string, o recovery.Owed, to recovery.Recipient) bool {
	if e.sending.has(o.ID, []recovery.Recipient{to}) {
		return false // it is on its way
	}
	meters := []meter{e.noticeMeter(recovery.Rate{Count: sameNotices, Per: time.Hour}, "notice", account, string(o.Event), to.Channel, to.Value)}
	if to.Channel == recovery.ChannelSMS {
		apart := e.noticeMeter(recovery.Rate{Count: 1, Per: textsApart}, "notice apart", account, string(o.Event), to.Value)
		meters = []meter{apart, meters[0], e.noticeMeter(recovery.Rate{Count: textNotices, Per: time.Hour}, "notice number", to.Value)}
	}
	err := e.charge(ctx, meters)
	key := job(heldBack(account, o), to)
	if _, limited := errors.AsType[errLimit](err); limited {
		e.held.begin(key)
		return false
	}
	if err != nil {
		e.log().Warn("notice not counted", "error", err)
	}
	e.held.end(key)
	return true
}

func (e *Engine) noticeMeter(rate recovery.Rate, kind string, parts ...string) meter {
	return meter{key: e.meterKey(kind, parts...), rule: window(rate), life: rate.Per}
}

// heldBack names the notices of an event, whichever of them is the newest.
func heldBack(account string, o recovery.Owed) string { return account + " " + string(o.Event) }

// mayMail charges a mail that an administrator has sent, and returns how long
// to wait when the address had its share.
func (e *Engine) mayMail(ctx context.Context, template, to string) (time.Duration, error) {
	l := e.Policy.Limits
	err := e.charge(ctx, []meter{
		{key: e.meterKey("mail hour", template, to), rule: window(l.SendsHourly), life: l.SendsHourly.Per},
		{key: e.meterKey("mail day", template, to), rule: window(l.SendsDaily), life: l.SendsDaily.Per},
	})
	if limit, ok := errors.AsType[errLimit](err); ok {
		return limit.wait, nil
	}
	return 0, err
}
