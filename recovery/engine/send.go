package engine

import (
	"cmp"
	"context"
	"errors"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// prepare makes what the next step needs: an offer to enrol, or a code on its
// way. again invalidates the code sent before and sends a new one.
func (r *run) prepare(ctx context.Context, again bool) error {
	step := recovery.Next(r.facts())
	if step.Dead == recovery.ProblemNotAvailable && r.recipe().Opens {
		r.audit(r.event(recovery.EventAlarm)) // a second factor is due and none is there (MF-13)
	}
	if step.Done || step.Dead != "" || step.Method == "" {
		return nil
	}
	if e, ok := r.Methods.Get(step.Method).(recovery.Enroller); ok && step.Enroll {
		if data := r.flow.Pending[step.Method].Data; data != nil && r.good(e, data) {
			return nil
		}
		data, err := e.Offer(r.try(recovery.Input{}))
		if err == nil {
			r.pend(step.Method, recovery.Pending{Data: data})
		}
		return err
	}
	if m, ok := r.Methods.Get(step.Method).(recovery.Remote); ok {
		return r.openRequest(ctx, m)
	}
	if step.ByBrowser {
		return r.askBrowsers(ctx, again)
	}
	ch, ok := r.Methods.Get(step.Method).(recovery.Challenger)
	if !ok || r.account == nil || !again && r.flow.Challenges[step.Method].Live(r.Now()) {
		return nil
	}
	return r.send(ctx, step.Method, ch, again)
}

// good tells whether what was offered can still be answered.
func (r *run) good(e recovery.Enroller, offered []byte) bool {
	timed, ok := e.(recovery.Timed)
	return !ok || timed.Good(offered, r.try(recovery.Input{}))
}

// send makes a new code or challenge, unless the account or the number had its share: then
// silently not, and what was sent before stays the newest.
func (r *run) send(ctx context.Context, method string, ch recovery.Challenger, again bool) error {
	sent, msg, err := ch.Challenge(r.try(recovery.Input{}))
	if err != nil {
		return err
	}
	if msg != nil {
		if again {
			r.said = "resent"
		}
		err = r.charge(ctx, r.shares(method, *msg))
		if _, ok := errors.AsType[errLimit](err); ok {
			return nil
		}
		if err != nil {
			return err
		}
		r.queue = append(r.queue, r.address(*msg))
	}
	if r.flow.Challenges == nil {
		r.flow.Challenges = map[string]recovery.Challenge{}
	}
	r.flow.Challenges[method] = sent
	return nil
}

// shares lists the meters of a message: the account's, for SMS the number's, and
// the mailbox's where the address is not proved to be the account's, so that many
// accounts together cannot flood one phone or mailbox (TH-08). Who
// shows what no stranger has is counted apart, and so is a known browser (TH-04),
// whose part of a number is that of all known browsers together.
func (r *run) shares(method string, m recovery.Message) []meter {
	l, share := r.Policy.Limits, r.share()
	both := func(kind string, parts ...string) []meter {
		return []meter{
			{key: r.meterKey(kind+" hour", parts...), rule: window(l.SendsHourly), life: l.SendsHourly.Per, stranger: r.flow.IsDecoy()},
			{key: r.meterKey(kind+" day", parts...), rule: window(l.SendsDaily), life: l.SendsDaily.Per, stranger: r.flow.IsDecoy()},
		}
	}
	out := both("send", r.counted(), method, share)
	switch {
	case m.Channel == recovery.ChannelSMS:
		out = append(out, both("send number", cmp.Or(m.To, r.account.ID), r.part(m.To))...)
	case m.To != "" && m.To != r.account.Source(recovery.ChannelMail, r.Now()).Value:
		out = append(out, both("send mailbox", m.To)...)
	}
	return out
}

// part is the share of a number, which is not multiplied by browsers. Whoever
// only names a number, which is not theirs yet, is a stranger to it.
func (r *run) part(number string) string {
	switch share := r.share(); {
	case share == "", r.account.Address(recovery.ChannelSMS, r.Now()) != number:
		return ""
	case share == r.known():
		return "known"
	default:
		return share
	}
}
