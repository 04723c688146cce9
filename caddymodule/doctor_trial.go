package caddymodule

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// trial is a test message that could be sent. It holds no secret, and opens
// and changes nothing.
type trial struct {
	Channel string `json:"channel"`
	To      string `json:"to"`             // masked; empty: nobody to send it to
	Lack    string `json:"lack,omitempty"` // why not
}

// trials lists the channels that are configured, with who would get the test.
func (o *operations) trials(ctx context.Context, to string) ([]trial, error) {
	if o.bare {
		return nil, errors.New("no Caddy is running, and without its configuration there is nothing to send with: start it, or say --config FILE")
	}
	done, err := o.senders()
	defer done()
	if err != nil {
		return nil, err
	}
	list := []trial{}
	for _, channel := range channels() {
		if !o.app.has(channel) {
			continue
		}
		r, err := o.recipient(ctx, channel, to)
		if err != nil {
			return nil, err
		}
		t := trial{Channel: channel, To: r.to}
		if personal(channel) {
			t.To = recovery.Mask(r.to)
		}
		if r.to == "" {
			t.Lack = "no active administrator has a confirmed address for it"
		}
		list = append(list, t)
	}
	return list, nil
}

// personal tells whether the channel reaches a person at an address of theirs.
func personal(channel string) bool {
	return channel == recovery.ChannelMail || channel == recovery.ChannelSMS
}

// reader is who gets a test message.
type reader struct{ to, name, lang string }

// recipient is the address given, if it is one for the channel, or else the
// first active administrator who has one.
func (o *operations) recipient(ctx context.Context, channel, to string) (reader, error) {
	if to != "" && channel == channelOf(to) {
		return reader{to: to}, nil
	}
	admins, err := o.administrators(ctx)
	if err != nil {
		return reader{}, err
	}
	for _, p := range admins {
		a, err := o.engine.Person(ctx, p.ID)
		if err != nil {
			return reader{}, err
		}
		r := reader{a.Name, a.Name, a.Lang}
		if personal(channel) {
			r.to = a.Source(channel, o.engine.Now()).Value
		}
		if r.to != "" {
			return r, nil
		}
	}
	if personal(channel) {
		return reader{}, nil
	}
	return reader{to: "operator"}, nil
}

// administrators lists those who are active, by name.
func (o *operations) administrators(ctx context.Context) ([]engine.Person, error) {
	var out []engine.Person
	err := o.engine.EachPerson(ctx, func(p engine.Person) error {
		if activeAdmin(p) {
			out = append(out, p)
		}
		return nil
	})
	slices.SortFunc(out, func(a, b engine.Person) int { return strings.Compare(a.Name, b.Name) })
	return out, err
}

// channelOf tells mail addresses from numbers.
func channelOf(to string) string {
	if strings.Contains(to, "@") {
		return recovery.ChannelMail
	}
	return recovery.ChannelSMS
}

// checkRecipient brings an address or number into the form that is stored.
func checkRecipient(to string) (string, error) {
	if channelOf(to) == recovery.ChannelMail {
		return recovery.CanonicalMail(to)
	}
	return recovery.CanonicalPhone(to)
}

// trial sends one test message and waits for what becomes of it.
func (o *operations) trial(ctx context.Context, args arguments) (check, error) {
	to := args.To
	if to != "" {
		var err error
		if to, err = checkRecipient(to); err != nil {
			return check{}, err
		}
	}
	done, err := o.senders()
	defer done()
	if err != nil || o.bare || !o.app.has(args.Channel) {
		return check{}, cmp.Or(err, fmt.Errorf("nothing sends messages of channel %q", args.Channel))
	}
	r, err := o.recipient(ctx, args.Channel, to)
	if err != nil || r.to == "" {
		return check{}, cmp.Or(err, errors.New("nobody to send it to"))
	}
	queue, end, err := o.trialQueue()
	if err != nil {
		return check{}, err
	}
	defer end()
	begun := o.engine.Now()
	err = queue.Trial(ctx, o.testMessage(args.Channel, r))
	took := o.engine.Now().Sub(begun).Round(10 * time.Millisecond)
	if err != nil {
		return check{args.Channel, levelFault, fmt.Sprintf("test message not sent, after %s: %s", took, err), remedy(args.Channel, notify.FaultOf(err)), nil}, nil
	}
	return fine(args.Channel, "test message taken after %s: see whether it arrives", took), nil
}

// trialQueue is that of the running Caddy, whose budgets and figures count, or
// one of our own.
func (o *operations) trialQueue() (*notify.Queue, func(), error) {
	if o.queue != nil {
		return o.queue, func() {}, nil
	}
	pages, err := o.app.pages()
	if err != nil {
		return nil, nil, err
	}
	queue := o.app.newQueue(pages)
	return queue, func() {
		ctx, cancel := context.WithTimeout(context.Background(), farewell)
		defer cancel()
		if err := queue.Close(ctx); err != nil {
			o.app.logger.Warn("test message", "error", err)
		}
	}, nil
}

func (o *operations) testMessage(channel string, r reader) recovery.Message {
	_, host, _ := strings.Cut(o.origin(), "://")
	return recovery.Message{
		ID: secret.Token(9), Channel: channel, To: r.to, Template: "test", Lang: cmp.Or(r.lang, "en"),
		Expires: o.engine.Now().Add(time.Hour),
		Vars:    map[string]string{"site": o.engine.Policy.Site, "host": host, "name": r.name, "event": "test"},
	}
}
