package guard

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// errSessionEnded is why the context of a request ended before the request did
// ([context.Cause]).
var errSessionEnded = errors.New("the session of this request has ended")

// Conn is what carries a request; [net/http.ResponseController] is one.
type Conn interface {
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// Stream is a request that was let through. It is the context of the request
// too, and ends when the session ends. Leave when the request is over.
//
// Most requests end by themselves in a moment and many never ask for the end of
// their context, so the context that can be cancelled is made when somebody
// does: then a request costs one allocation here, and not five.
type Stream struct {
	context.Context // of the request, as it came

	account string
	key     uint64 // kv.Sum of the account record
	session string // its id, or that of the access key
	program bool   // it is an access key
	asked   asked
	conn    Conn
	among   *streams

	// Under the lock of the guard's streams.
	until      time.Time // the session ends by itself then, unless it is used
	prev, next *Stream   // of the same account

	made atomic.Pointer[cancellable]

	mu    sync.Mutex  // also held while the connection is cut, so never after Leave
	ended bool        // the session, before the request
	left  bool        // the request is over
	timer *time.Timer // cuts the connection; nil: not running
}

type cancellable struct {
	context.Context
	cancel context.CancelCauseFunc
}

// Done implements context.Context.
func (s *Stream) Done() <-chan struct{} { return s.real().Done() }

// Err implements context.Context.
func (s *Stream) Err() error { return s.real().Err() }

// Value implements context.Context. What package context asks here lets it
// cancel what is derived from this without a goroutine.
func (s *Stream) Value(key any) any {
	if c := s.made.Load(); c != nil {
		return c.Value(key)
	}
	return s.Context.Value(key)
}

func (s *Stream) real() *cancellable {
	if c := s.made.Load(); c != nil {
		return c
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.made.Load(); c != nil {
		return c
	}
	ctx, cancel := context.WithCancelCause(s.Context)
	switch {
	case s.ended:
		cancel(errSessionEnded)
	case s.left:
		cancel(nil)
	}
	c := &cancellable{ctx, cancel}
	s.made.Store(c)
	return c
}

// cutAfter is the time a request has to end once its context has. Who does not
// listen to that (an upload or download without end, reverse_proxy with
// flush_interval -1) can neither read nor write from then on.
const cutAfter = time.Second

// cutAgain is when the connection is cut once more while the request goes on:
// what copies a body may move its own deadline with each write.
const cutAgain = 100 * time.Millisecond

// end ends the request with its session.
func (s *Stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.left {
		return
	}
	s.ended = true
	if c := s.made.Load(); c != nil {
		c.cancel(errSessionEnded)
	}
	s.timer = s.cutIn(cutAfter)
}

// cutIn is called with mu held.
func (s *Stream) cutIn(d time.Duration) *time.Timer {
	return time.AfterFunc(d, supervise.Func(s.among.log, "the end of a request", s.cut))
}

func (s *Stream) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left {
		return // the connection carries another request by now
	}
	// What cannot have a deadline is left to its context.
	_ = s.conn.SetReadDeadline(time.Unix(1, 0))
	_ = s.conn.SetWriteDeadline(time.Unix(1, 0))
	s.timer = s.cutIn(cutAgain)
}

// Leave says that the request is over. Calling it twice is harmless.
func (s *Stream) Leave() {
	s.among.remove(s)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left = true
	if s.timer != nil {
		s.timer.Stop()
	}
	if c := s.made.Load(); c != nil {
		c.cancel(nil)
	}
}
