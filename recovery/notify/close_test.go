package notify_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
)

func TestQueueClose(t *testing.T) {
	for _, tt := range []struct {
		name     string
		finish   bool // the running send ends by itself in time
		wantSent int
		wantTook time.Duration
	}{
		{"running send ends", true, 1, 2 * time.Second},
		{"running send is cut off", false, 0, 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &syncBuffer{}
				s := &stuck{running: make(chan struct{}), release: make(chan struct{})}
				q := start(t, notify.QueueOptions{Logger: log.logger()}, s)
				for _, to := range []string{"running@example.net", "a@example.net", "", "b@example.net"} {
					q.Queue(message(to))
				}
				<-s.running
				if tt.finish {
					time.AfterFunc(2*time.Second, func() { close(s.release) })
				}
				begin := time.Now()
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				if err := q.Close(ctx); err != nil {
					t.Errorf("Close: got %v", err)
				}
				if took := time.Since(begin); took != tt.wantTook {
					t.Errorf("Close took %v, want %v", took, tt.wantTook)
				}
				if got := q.Stats()["mail"]; got.Sent != tt.wantSent || got.Failed != 1-tt.wantSent || got.Waiting != 0 {
					t.Errorf("stats: got %+v, want %d sent", got, tt.wantSent)
				}
				if !strings.Contains(log.String(), `"messages dropped at shutdown","channel":"mail","count":2`) {
					t.Errorf("log: got %s, want 2 dropped", log)
				}
				q.Queue(message("late@example.net"))
				if got := q.Stats()["mail"].Waiting; got != 0 {
					t.Errorf("waiting after Close: got %d, want 0", got)
				}
			})
		})
	}
}

// deaf does not heed its context.
type deaf chan struct{}

func (d deaf) Send(context.Context, notify.Letter) error { <-d; return nil }

func TestQueueCloseDeafSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := make(deaf)
		q := notify.NewQueue(notify.QueueOptions{Render: render, Senders: map[string]notify.Sender{"mail": d}})
		q.Queue(message("a@example.net"))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		if err := q.Close(ctx); err == nil {
			t.Error("Close: got no error, want one about a sender that does not stop")
		}
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("Close took %v, want about 2s", took)
		}
		close(d)
		if err := q.Close(t.Context()); err != nil {
			t.Errorf("second Close: got %v", err)
		}
	})
}
