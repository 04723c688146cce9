package notify_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
)

// indiscreetAbout fails with whatever it was sent.
type indiscreetAbout struct{}

func (indiscreetAbout) Send(_ context.Context, l notify.Letter) error {
	return fmt.Errorf("cannot send %s to %s: %w", l.Text, l.To, notify.ErrBudget)
}

func TestTrial(t *testing.T) {
	logged := &syncBuffer{}
	r := &recorder{}
	q := notify.NewQueue(notify.QueueOptions{
		Logger: logged.logger(), Render: renderCanary,
		Senders: map[string]notify.Sender{recovery.ChannelMail: r, recovery.ChannelSMS: indiscreetAbout{}},
	})
	defer closeQueue(t, q)
	m := recovery.Message{ID: "trial", Channel: recovery.ChannelMail, To: "alice@example.net", Vars: map[string]string{"code": canaryCode}}
	if err := q.Trial(t.Context(), m); err != nil || len(r.got()) != 1 {
		t.Errorf("got %v and letters %q, want one sent", err, r.got())
	}
	m.Channel, m.To = recovery.ChannelSMS, number
	err := q.Trial(t.Context(), m)
	for _, s := range []string{number, canaryCode} {
		if err == nil || strings.Contains(err.Error()+logged.String(), s) {
			t.Errorf("got %v, log %s, want an error without %q", err, logged, s)
		}
	}
	m.Channel = "pigeon"
	if err := q.Trial(t.Context(), m); err == nil || !strings.Contains(err.Error(), "pigeon") {
		t.Errorf("got %v, want that nothing sends there", err)
	}
	stats := q.Stats()
	if mail := stats[recovery.ChannelMail]; mail.Sent != 1 || mail.SentAt.IsZero() || mail.Waiting != 0 {
		t.Errorf("mail: got %+v, want 1 sent", mail)
	}
	if text := stats[recovery.ChannelSMS]; text.Failed != 1 || text.Waiting != 0 || text.LastError == "" || text.LastFault != notify.FaultBudget {
		t.Errorf("sms: got %+v, want 1 failed and nothing waiting", text)
	}
}

// TestTrialEndsWithItsContext: the operator's patience counts, not the sender's.
func TestTrialEndsWithItsContext(t *testing.T) {
	host := talk(t, "", func(string) string { return "" })
	q := start(t, notify.QueueOptions{}, &notify.SMTP{Host: host, From: "no-reply@example.org"})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	err := q.Trial(ctx, message("alice@example.net"))
	if notify.FaultOf(err) != notify.FaultTimeout || time.Since(begun) > 5*time.Second {
		t.Errorf("got %v after %v, want a time-out at once", err, time.Since(begun))
	}
}

// TestServerNameIsNoSecret: a mail server under the name of the site must stay
// readable in the error.
func TestServerNameIsNoSecret(t *testing.T) {
	q := start(t, notify.QueueOptions{}, &recorder{failures: map[string][]error{"alice@example.net": {errors.New("photos.example.org:587: refused anabel")}}})
	m := message("alice@example.net")
	m.Vars = map[string]string{"host": "example.org", "site": "photos", "name": "anabel", "event": "refused"}
	if err := q.Trial(t.Context(), m); err == nil || err.Error() != "photos.example.org:587: refused ***" {
		t.Errorf("got %v, want the server's name in it", err)
	}
}
