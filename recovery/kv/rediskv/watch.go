package rediskv

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	list "github.com/caddy-sparekey/sparekey/recovery/kv/internal/watch"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

const (
	// lease is how long Live stays true after a heartbeat was sent that came
	// back: the longest time for which a lost connection goes unnoticed.
	lease = 1500 * time.Millisecond

	// heartbeat is the pause between two; a third of the lease, so that one
	// may be lost.
	heartbeat = lease / 3

	// After a loss the first attempt comes after minPause, later ones after
	// twice the pause before.
	minPause = 50 * time.Millisecond
	maxPause = 500 * time.Millisecond
)

// watch receives reports. go-redis can do that by itself, but it subscribes
// again silently after a loss, and what was published meanwhile is gone: so
// this is a loop of our own that tells of every loss.
//
// A heartbeat is published through the connections that carry commands and
// awaited on the subscription. It proves both, and that they reach the same
// server; a PING would prove one.
type watch struct {
	list    list.List
	client  redis.UniversalClient
	channel string
	timeout time.Duration
	logger  *slog.Logger

	self  string // tells our heartbeats from others'
	epoch time.Time
	until atomic.Int64 // end of the lease in nanoseconds after epoch, 0: none
}

func newWatch(client redis.UniversalClient, channel string, timeout time.Duration, logger *slog.Logger) *watch {
	return &watch{
		client: client, channel: channel, timeout: timeout, logger: logger,
		self: rand.Text(), epoch: time.Now(),
	}
}

// live compares monotonic times: time.Since does not look at the wall clock.
func (w *watch) live() bool {
	return int64(time.Since(w.epoch)) < w.until.Load()
}

// run keeps a subscription until ctx ends.
func (w *watch) run(ctx context.Context) {
	pause, told := minPause, false
	for ctx.Err() == nil {
		started, err := false, errBroken
		supervise.Run(w.logger, "a subscription", func() { started, err = w.subscribe(ctx) })
		if ctx.Err() != nil {
			break
		}
		if started {
			pause, told = minPause, false
		}
		if !told {
			w.logger.Warn("changes made elsewhere are not reported for now, every request asks redis", "error", err)
			told = true
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
	}
	w.until.Store(0)
}

// subscribe follows one subscription to its end. started tells whether reports
// arrived.
func (w *watch) subscribe(ctx context.Context) (started bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	sub := w.client.Subscribe(ctx, w.channel)
	var helpers sync.WaitGroup
	helpers.Go(supervise.Func(w.logger, "the end of a subscription", func() { // a read heeds no cancellation, only a closed connection
		<-ctx.Done()
		_ = sub.Close() // it is given up
	}))
	defer func() {
		w.until.Store(0)
		cancel()
		helpers.Wait()
		w.list.Report(0)
	}()

	if err := w.confirm(ctx, sub); err != nil {
		return false, err
	}
	w.list.Report(0) // what was published before is lost
	helpers.Go(supervise.Func(w.logger, "heartbeats", func() { w.beat(ctx) }))
	for {
		// Heartbeats come more often than this. After a time-out in the middle
		// of a message the connection would be out of step, so it is the end.
		received, err := sub.ReceiveTimeout(ctx, lease)
		if err != nil {
			return started, err
		}
		message, ok := received.(*redis.Message)
		if !ok {
			// A second confirmation: the library has subscribed again.
			return started, fmt.Errorf("interrupted: %v", received)
		}
		if w.receive(message.Payload) && !started {
			started = true
			w.logger.Info("changes made elsewhere are reported by redis")
		}
	}
}

// errBroken is why a subscription ended that gave no reason.
var errBroken = errors.New("the subscription has failed")

var errNotSubscribed = errors.New("the subscription was not confirmed")

func (w *watch) confirm(ctx context.Context, sub *redis.PubSub) error {
	received, err := sub.ReceiveTimeout(ctx, w.timeout)
	if err != nil {
		return err
	}
	if s, ok := received.(*redis.Subscription); !ok || s.Kind != "subscribe" {
		return errNotSubscribed
	}
	return nil
}

// beat sends heartbeats until ctx ends. One that fails needs no care: the
// lease is not renewed.
func (w *watch) beat(ctx context.Context) {
	tick := time.NewTicker(heartbeat)
	defer tick.Stop()
	for {
		w.sendBeat(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (w *watch) sendBeat(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, w.timeout)
	defer cancel()
	sent := int64(time.Since(w.epoch))
	if err := w.client.Publish(ctx, w.channel, w.beatPrefix()+strconv.FormatInt(sent, 10)).Err(); err != nil {
		w.logger.Debug("no heartbeat to redis", "error", err)
	}
}

const beats = "beat " // begins every heartbeat; reports are numbers

func (w *watch) beatPrefix() string { return beats + w.self + " " }

// receive acts on a message and tells whether it was a heartbeat of ours.
func (w *watch) receive(payload string) bool {
	if text, ok := strings.CutPrefix(payload, w.beatPrefix()); ok {
		sent, err := strconv.ParseInt(text, 10, 64)
		if err != nil || sent > int64(time.Since(w.epoch)) {
			return false // not sent by us
		}
		w.until.Store(sent + int64(lease))
		return true
	}
	if strings.HasPrefix(payload, beats) {
		return false // another Caddy's
	}
	sum, err := strconv.ParseUint(payload, 10, 64)
	if err != nil {
		sum = 0 // not ours, but on our channel: better forget too much
	}
	w.list.Report(sum)
	return false
}
