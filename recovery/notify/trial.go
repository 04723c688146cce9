package notify

import (
	"context"
	"errors"
	"fmt"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Trial sends a message at once and once, past the line of its channel, and
// tells what became of it: for a test by the operator, never for an answer to a
// visitor. It counts and is logged like any other, but never tried again. The
// error is as redacted as the log; [FaultOf] tells its kind. ctx bounds it, and
// so does the time that any try may take, a minute.
func (q *Queue) Trial(ctx context.Context, m recovery.Message) error {
	s, ok := q.spools[m.Channel]
	if !ok {
		return fmt.Errorf("nothing sends messages of channel %s", m.Channel)
	}
	j := q.newJob(m)
	j.attempt = 1
	err := q.deliver(ctx, s, j)
	if err == nil {
		q.delivered(s, j)
		return nil
	}
	q.failed(s, j, err, true)
	return marked(FaultOf(err), errors.New(redact(err.Error(), j.secrets...)))
}
