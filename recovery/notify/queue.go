package notify

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

const (
	defaultSize    = 1000
	defaultWorkers = 2
	// maxAge is when a message without an end of its own is given up.
	maxAge = 24 * time.Hour
	// abortGrace is how long Close waits for senders it has cancelled.
	abortGrace = time.Second
)

// QueueOptions are the settings of a Queue.
type QueueOptions struct {
	// Render makes subject, text and HTML of a message. It runs in a worker,
	// also for decoys; the queue sets the other fields of the letter itself. An
	// error gives the message up. Required.
	Render func(recovery.Message) (Letter, error)
	// Senders by channel. A channel without one is not available.
	Senders map[string]Sender
	// Logger takes failures. Default: slog.DiscardHandler.
	Logger *slog.Logger
	// Now tells what is due and what has expired. Default: time.Now.
	Now func() time.Time
	// Size is how many messages may wait in each channel. Default 1000.
	Size int
	// Workers is how many messages of a channel are sent at the same time.
	// Default 2.
	Workers int
	// Became is told of each message that came to its end. Default: nobody is.
	Became func(channel string, became recovery.Delivery)
	// Backoff is the pause after the given number of failed tries (1, 2, …).
	// Default: 1 s, 5 s, 30 s, 2 min, 10 min, then 15 min each.
	Backoff func(attempt int) time.Duration
}

// ChannelStats is what happened in a channel since the queue began. Decoys are
// neither sent nor failed.
type ChannelStats struct {
	Waiting     int       // in the line now, those waiting for another try included
	Sent        int       // taken by the sender
	SentAt      time.Time // when the last of them was; zero: none yet
	Failed      int       // given up: refused, expired or not rendered
	LastError   string    // of the last failed try, without secrets; empty: none yet
	LastErrorAt time.Time // when that was
	LastFault   Fault     // its kind; empty: not known
}

// Queue is the recovery.Notifier of a running server. The zero value is not
// usable: see NewQueue.
type Queue struct {
	opts   QueueOptions
	spools map[string]*spool

	closing  sync.Once
	stop     chan struct{}      // closed: workers take no more jobs
	abort    context.CancelFunc // ends the sends that run
	finished chan struct{}      // closed when the last worker has ended
}

// NewQueue starts the workers; Close ends them.
func NewQueue(opts QueueOptions) *Queue {
	ctx, abort := context.WithCancel(context.Background())
	q := &Queue{
		opts:     opts.withDefaults(),
		spools:   make(map[string]*spool),
		stop:     make(chan struct{}),
		abort:    abort,
		finished: make(chan struct{}),
	}
	var workers sync.WaitGroup
	for channel, sender := range q.opts.Senders {
		s := newSpool(sender, q.opts.Size)
		q.spools[channel] = s
		for range q.opts.Workers {
			workers.Go(supervise.Func(q.opts.Logger, "a sender's line", func() { q.work(ctx, s) }))
		}
	}
	go supervise.Run(q.opts.Logger, "the end of a queue", func() {
		workers.Wait()
		close(q.finished)
	})
	return q
}

func (o QueueOptions) withDefaults() QueueOptions {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Size <= 0 {
		o.Size = defaultSize
	}
	if o.Workers <= 0 {
		o.Workers = defaultWorkers
	}
	if o.Backoff == nil {
		o.Backoff = defaultBackoff
	}
	return o
}

// Queue implements recovery.Notifier.
func (q *Queue) Queue(m recovery.Message) {
	s, ok := q.spools[m.Channel]
	if !ok {
		q.opts.Logger.Warn("message dropped: no sender for its channel", "id", m.ID, "channel", m.Channel)
		q.settle(m.Channel, m.To, m.Done, recovery.Dropped)
		return
	}
	if !s.add(q.newJob(m)) {
		q.settle(m.Channel, m.To, m.Done, recovery.Dropped)
		q.opts.Logger.Warn("message dropped: queue is full or closed", "id", m.ID, "channel", m.Channel)
	}
}

// Has implements recovery.Notifier.
func (q *Queue) Has(channel string) bool {
	_, ok := q.spools[channel]
	return ok
}

// Stats returns the counts of every channel.
func (q *Queue) Stats() map[string]ChannelStats {
	stats := make(map[string]ChannelStats, len(q.spools))
	for channel, s := range q.spools {
		stats[channel] = s.snapshot()
	}
	return stats
}

// Close drops what waits, and waits for the sends that run until ctx is done;
// then it cuts them off. The error tells that a sender did not even heed that.
// Calling it again waits again and does nothing else.
func (q *Queue) Close(ctx context.Context) error {
	q.closing.Do(q.dropWaiting)
	select {
	case <-q.finished:
	case <-ctx.Done():
	}
	q.abort()
	grace := time.NewTimer(abortGrace)
	defer grace.Stop()
	select {
	case <-q.finished:
		return nil
	case <-grace.C:
		return errors.New("notify: a sender does not stop")
	}
}

func (q *Queue) dropWaiting() {
	close(q.stop)
	for channel, s := range q.spools {
		n := 0
		for _, j := range s.close() {
			q.settle(channel, j.to, j.done, recovery.Dropped)
			if j.to != "" {
				n++
			}
		}
		if n > 0 {
			q.opts.Logger.Warn("messages dropped at shutdown", "channel", channel, "count", n)
		}
	}
}

func (q *Queue) newJob(m recovery.Message) *job {
	now := q.opts.Now()
	j := &job{
		id: m.ID, channel: m.Channel, to: m.To, secrets: secretsOf(m.To, m.Vars),
		due: now, giveUp: now.Add(maxAge), done: m.Done,
	}
	if !m.Expires.IsZero() {
		j.giveUp = m.Expires
	}
	j.render = func() (Letter, error) {
		l, err := q.opts.Render(m)
		l.ID, l.Channel, l.To, l.Expires = m.ID, m.Channel, m.To, m.Expires
		l.Event, l.Secret = m.Vars["event"], m.Secret
		return l, err
	}
	return j
}

func (q *Queue) work(ctx context.Context, s *spool) {
	for {
		j := s.next(q.stop, q.opts.Now)
		if j == nil {
			return
		}
		supervise.Run(q.opts.Logger, "sending a message", func() { q.try(ctx, s, j) })
	}
}

// try sends a job once and decides what becomes of it.
func (q *Queue) try(ctx context.Context, s *spool, j *job) {
	if !q.opts.Now().Before(j.giveUp) {
		q.failed(s, j, errors.New("expired before it was sent"), true)
		return
	}
	j.attempt++
	err := q.deliver(ctx, s, j)
	if err == nil {
		q.delivered(s, j)
		return
	}
	j.due = q.opts.Now().Add(q.opts.Backoff(j.attempt))
	tried := *j // once it is back in the line, j belongs to another worker
	final := errors.Is(err, ErrPermanent) || !j.due.Before(j.giveUp) || !s.again(j)
	q.failed(s, &tried, err, final)
}

// delivered counts and logs what the sender took.
func (q *Queue) delivered(s *spool, j *job) {
	if j.to == "" {
		return
	}
	s.sent(q.opts.Now())
	q.settle(j.channel, j.to, j.done, recovery.Delivered)
	q.opts.Logger.Info("message sent", j.attrs()...)
}

// deliver renders the job if that is not done yet, and hands it to the sender
// unless it is a decoy. A panic costs this message only, not the web server
// around us.
func (q *Queue) deliver(ctx context.Context, s *spool, j *job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = permanentf("panic of type %T", p) // its value could hold a secret
			q.opts.Logger.Error("sender panicked", append(j.attrs(), "stack", string(debug.Stack()))...)
		}
	}()
	if j.letter == nil {
		l, err := j.render()
		if err != nil {
			return permanentf("render: %w", err)
		}
		j.letter = &l
	}
	if j.to == "" {
		return nil
	}
	return s.send(ctx, *j.letter)
}

// failed logs and counts a failed try. final: there will be no other.
func (q *Queue) failed(s *spool, j *job, err error, final bool) {
	reason := redact(err.Error(), j.secrets...)
	attrs := append(j.attrs(), "error", reason)
	if j.to == "" {
		q.opts.Logger.Debug("decoy dropped", attrs...)
		return
	}
	s.note(reason, FaultOf(err), q.opts.Now(), final)
	if final {
		q.opts.Logger.Error("message given up", attrs...)
		became := recovery.Dropped
		if errors.Is(err, ErrPermanent) {
			became = recovery.Refused
		}
		q.settle(j.channel, j.to, j.done, became)
		return
	}
	q.opts.Logger.Warn("message not sent, will be tried again", append(attrs, "next", j.due)...)
}

// settle tells who asked what became of a message. A decoy is counted by nobody.
func (q *Queue) settle(channel, to string, done func(recovery.Delivery), became recovery.Delivery) {
	if q.opts.Became != nil && to != "" {
		q.opts.Became(channel, became)
	}
	if done != nil {
		done(became)
	}
}

func (j *job) attrs() []any {
	return []any{"id", j.id, "channel", j.channel, "to", maskTo(j.to), "attempt", j.attempt}
}

func defaultBackoff(attempt int) time.Duration {
	pauses := []time.Duration{time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute}
	if attempt <= len(pauses) {
		return pauses[max(attempt, 1)-1]
	}
	return 15 * time.Minute
}

var _ recovery.Notifier = (*Queue)(nil)
