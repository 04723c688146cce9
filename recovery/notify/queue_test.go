package notify_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
)

// recorder is a sender that keeps what it gets and fails as told: per address
// the errors of the first tries, then success.
type recorder struct {
	mu       sync.Mutex
	failures map[string][]error
	tries    []try
}

type try struct {
	to, text string
	at       time.Time
}

func (r *recorder) Send(_ context.Context, l notify.Letter) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries = append(r.tries, try{to: l.To, text: l.Text, at: time.Now()})
	errs := r.failures[l.To]
	if len(errs) == 0 {
		return nil
	}
	r.failures[l.To] = errs[1:]
	return errs[0]
}

// got lists the addresses in the order of the tries.
func (r *recorder) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var got []string
	for _, s := range r.tries {
		got = append(got, s.to)
	}
	return got
}

// times lists when an address was tried, since start.
func (r *recorder) times(to string, start time.Time) []time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	var times []time.Duration
	for _, s := range r.tries {
		if s.to == to {
			times = append(times, s.at.Sub(start))
		}
	}
	return times
}

// stuck is a sender that waits until it is released or its context ends.
type stuck struct{ running, release chan struct{} }

func (s *stuck) Send(ctx context.Context, _ notify.Letter) error {
	s.running <- struct{}{}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-s.release:
		return nil
	}
}

func render(m recovery.Message) (notify.Letter, error) {
	return notify.Letter{Subject: m.Template, Text: "Code " + m.Vars["code"]}, nil
}

func message(to string) recovery.Message {
	return recovery.Message{ID: "id-" + to, Channel: recovery.ChannelMail, To: to, Template: "recover-code", Vars: map[string]string{"code": "483911"}}
}

// start makes a queue with one mail worker, closed at the end of the test.
func start(t *testing.T, opts notify.QueueOptions, sender notify.Sender) *notify.Queue {
	t.Helper()
	opts.Senders = map[string]notify.Sender{recovery.ChannelMail: sender}
	if opts.Render == nil {
		opts.Render = render
	}
	if opts.Workers == 0 {
		opts.Workers = 1
	}
	q := notify.NewQueue(opts)
	t.Cleanup(func() { closeQueue(t, q) })
	return q
}

func closeQueue(t *testing.T, q *notify.Queue) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := q.Close(ctx); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func temporary(n int) []error { return slices.Repeat([]error{errors.New("busy")}, n) }

func TestQueueOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		q := start(t, notify.QueueOptions{}, r)
		var want []string
		for i := range 50 {
			want = append(want, fmt.Sprintf("p%02d@example.net", i))
			q.Queue(message(want[i]))
		}
		synctest.Wait()
		if got := r.got(); !slices.Equal(got, want) {
			t.Errorf("order: got %q", got)
		}
		if got := r.tries[0].text; got != "Code 483911" {
			t.Errorf("text: got %q", got)
		}
		if got := q.Stats()["mail"]; got.Sent != 50 || got.Waiting != 0 || got.Failed != 0 {
			t.Errorf("stats: got %+v, want 50 sent", got)
		}
	})
}

func TestQueueHas(t *testing.T) {
	q := start(t, notify.QueueOptions{}, &recorder{})
	for channel, want := range map[string]bool{"mail": true, "sms": false, "": false} {
		if got := q.Has(channel); got != want {
			t.Errorf("Has(%q): got %v, want %v", channel, got, want)
		}
	}
	m := message("alice@example.net")
	m.Channel = recovery.ChannelSMS
	q.Queue(m) // must not panic
}

// One person's failing address keeps nobody else waiting.
func TestQueueRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		r := &recorder{failures: map[string][]error{"slow@example.net": temporary(7)}}
		q := start(t, notify.QueueOptions{}, r)
		q.Queue(message("slow@example.net"))
		q.Queue(message("fast@example.net"))
		synctest.Wait()
		if got := r.got(); !slices.Equal(got, []string{"slow@example.net", "fast@example.net"}) {
			t.Errorf("at once: got %q", got)
		}
		if got := q.Stats()["mail"]; got.Waiting != 1 || got.Sent != 1 || got.LastError != "busy" || !got.LastErrorAt.Equal(begin) {
			t.Errorf("stats after the first try: got %+v", got)
		}
		time.Sleep(2 * time.Hour)
		var want []time.Duration
		var at time.Duration
		for _, pause := range []time.Duration{0, time.Second, 5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 15 * time.Minute, 15 * time.Minute} {
			at += pause
			want = append(want, at)
		}
		if got := r.times("slow@example.net", begin); !slices.Equal(got, want) {
			t.Errorf("tries: got %v, want %v", got, want)
		}
		if got := q.Stats()["mail"]; got.Waiting != 0 || got.Sent != 2 || got.Failed != 0 {
			t.Errorf("stats at the end: got %+v", got)
		}
	})
}

func TestQueueGivesUp(t *testing.T) {
	for _, tt := range []struct {
		name    string
		errs    []error
		expires time.Duration // 0: none
		tries   int
		last    string
	}{
		{"permanent", []error{fmt.Errorf("%w: unknown", notify.ErrPermanent)}, 0, 1, "permanent failure: unknown"},
		{"permanent after temporary", append(temporary(2), notify.ErrPermanent), 0, 3, "permanent failure"},
		{"expires between tries", temporary(1000), 20 * time.Second, 3, "busy"}, // 0, 1, 6 s; 36 s is too late
		{"a day", temporary(1000), 0, 6 + 95, "busy"},                           // 0, 1, 6, 36, 156, 756 s, then every 900 s below 86,400
		{"expired before", nil, -time.Second, 0, "expired before it was sent"},
		{"panic", nil, 0, 1, "permanent failure: panic of type string"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &recorder{failures: map[string][]error{"a@example.net": tt.errs}}
				var sender notify.Sender = r
				if tt.name == "panic" {
					sender = panicking{r}
				}
				q := start(t, notify.QueueOptions{}, sender)
				m := message("a@example.net")
				if tt.expires != 0 {
					m.Expires = time.Now().Add(tt.expires)
				}
				q.Queue(m)
				time.Sleep(72 * time.Hour)
				if got := len(r.got()); got != tt.tries {
					t.Errorf("tries: got %d, want %d", got, tt.tries)
				}
				if got := q.Stats()["mail"]; got.Failed != 1 || got.Waiting != 0 || got.LastError != tt.last {
					t.Errorf("stats: got %+v, want 1 failed with %q", got, tt.last)
				}
			})
		})
	}
}

type panicking struct{ *recorder }

func (p panicking) Send(ctx context.Context, l notify.Letter) error {
	_ = p.recorder.Send(ctx, l)
	panic("the code is 483911")
}

// Expiry is a comparison with the queue's clock when the message's turn comes.
func TestQueueMovableClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		now := fixedNow()
		clock := func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		}
		s := &stuck{running: make(chan struct{}), release: make(chan struct{})}
		q := start(t, notify.QueueOptions{Now: clock}, s)
		for _, to := range []string{"first@example.net", "second@example.net"} {
			m := message(to)
			m.Expires = now.Add(5 * time.Minute)
			q.Queue(m)
		}
		<-s.running
		mu.Lock()
		now = now.Add(5 * time.Minute)
		mu.Unlock()
		s.release <- struct{}{}
		synctest.Wait()
		if got := q.Stats()["mail"]; got.Sent != 1 || got.Failed != 1 || got.LastError != "expired before it was sent" {
			t.Errorf("stats: got %+v, want one sent and one expired", got)
		}
	})
}

func TestQueueDecoys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		var mu sync.Mutex
		rendered := map[string]int{}
		q := start(t, notify.QueueOptions{Render: func(m recovery.Message) (notify.Letter, error) {
			mu.Lock()
			defer mu.Unlock()
			rendered[m.To]++
			if m.ID == "id-broken" {
				return notify.Letter{}, errors.New("no such template")
			}
			// A template cannot give a decoy an address.
			return notify.Letter{To: "somebody@example.net"}, nil
		}}, r)
		for range 20 {
			q.Queue(message(""))
			q.Queue(message("real@example.net"))
		}
		broken := message("")
		broken.ID = "id-broken"
		q.Queue(broken)
		synctest.Wait()
		if got := r.got(); !slices.Equal(got, slices.Repeat([]string{"real@example.net"}, 20)) {
			t.Errorf("sent: got %q, want 20 times real@example.net", got)
		}
		if rendered[""] != 21 || rendered["real@example.net"] != 20 {
			t.Errorf("rendered: got %v, want 21 decoys and 20 real ones", rendered)
		}
		if got := q.Stats()["mail"]; got.Sent != 20 || got.Failed != 0 || got.Waiting != 0 {
			t.Errorf("stats: got %+v, want 20 sent", got)
		}
	})
}

func TestQueueFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &syncBuffer{}
		s := &stuck{running: make(chan struct{}), release: make(chan struct{})}
		q := start(t, notify.QueueOptions{Size: 3, Logger: log.logger()}, s)
		q.Queue(message("running@example.net"))
		<-s.running
		for i := range 5 { // two more than there is room for, a decoy among those that fit
			to := fmt.Sprintf("p%d@example.net", i)
			if i == 0 {
				to = ""
			}
			q.Queue(message(to))
		}
		if got := q.Stats()["mail"].Waiting; got != 3 {
			t.Errorf("waiting: got %d, want 3", got)
		}
		if got := strings.Count(log.String(), "message dropped: queue is full"); got != 2 {
			t.Errorf("dropped: got %d log lines, want 2:\n%s", got, log)
		}
		s.release <- struct{}{}
		for range 2 {
			<-s.running
			s.release <- struct{}{}
		}
	})
}

// A channel that hangs does not hold up the other.
func TestQueueChannels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hanging := &stuck{running: make(chan struct{}, 10), release: make(chan struct{})}
		r := &recorder{}
		q := notify.NewQueue(notify.QueueOptions{Render: render, Senders: map[string]notify.Sender{"mail": hanging, "sms": r}})
		defer closeQueue(t, q)
		for range 5 {
			q.Queue(message("a@example.net"))
		}
		m := message(number)
		m.Channel = recovery.ChannelSMS
		q.Queue(m)
		synctest.Wait()
		if got := len(hanging.running); got != 2 {
			t.Errorf("mails being sent: got %d, want the default of 2", got)
		}
		if got := r.got(); !slices.Equal(got, []string{number}) {
			t.Errorf("text messages: got %q, want one", got)
		}
		time.Sleep(time.Minute) // no send lasts longer, whatever the sender does
		synctest.Wait()
		if got := len(hanging.running); got != 4 {
			t.Errorf("mails begun after a minute: got %d, want 4", got)
		}
	})
}

// A panic where a message is settled costs this message only.
func TestAPanicEndsNoLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		q := start(t, notify.QueueOptions{}, r)
		first := message("one@example.net")
		first.Done = func(recovery.Delivery) { panic("lost") }
		q.Queue(first)
		q.Queue(message("two@example.net"))
		synctest.Wait()
		if got, want := r.got(), []string{"one@example.net", "two@example.net"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
