package notify

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// job is a message on its way: what to render, and how far it came.
type job struct {
	id, channel string
	to          string    // empty: a decoy
	secrets     []string  // what an error must not repeat
	giveUp      time.Time // not sent after this
	render      func() (Letter, error)
	done        func(recovery.Delivery) // nil: nobody asks

	letter  *Letter // nil until rendered
	attempt int     // tries so far
	due     time.Time
	seq     uint64 // order among those due at the same time
}

// jobHeap has the job that is due first on top.
type jobHeap []*job

func (h jobHeap) Len() int      { return len(h) }
func (h jobHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *jobHeap) Push(x any)   { *h = append(*h, x.(*job)) }

func (h jobHeap) Less(i, j int) bool {
	if h[i].due.Equal(h[j].due) {
		return h[i].seq < h[j].seq
	}
	return h[i].due.Before(h[j].due)
}

func (h *jobHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return last
}

// spool is the line of one channel and its count.
type spool struct {
	sender Sender
	size   int
	wake   chan struct{} // one token: look at the line again

	mu     sync.Mutex
	jobs   jobHeap
	seq    uint64
	closed bool
	stats  ChannelStats
}

func newSpool(sender Sender, size int) *spool {
	return &spool{sender: sender, size: size, wake: make(chan struct{}, 1)}
}

// add takes a new job; false when the line is full or closed.
func (s *spool) add(j *job) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.jobs) >= s.size {
		return false
	}
	s.push(j)
	return true
}

// again puts a job back that had its place already: it may exceed the size by
// the number of workers. False when the line is closed.
func (s *spool) again(j *job) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.push(j)
	return true
}

func (s *spool) push(j *job) {
	s.seq++
	j.seq = s.seq
	heap.Push(&s.jobs, j)
	s.signal()
}

func (s *spool) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// next waits for a job that is due; nil when stop is closed.
func (s *spool) next(stop <-chan struct{}, now func() time.Time) *job {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		j, wait := s.pop(now())
		if j != nil {
			return j
		}
		timer.Reset(wait)
		select {
		case <-stop:
			return nil
		case <-s.wake:
		case <-timer.C:
		}
	}
}

// idle is how long a worker sleeps when nothing waits; a new job wakes it.
const idle = time.Hour

// pop takes the first job if it is due, else tells how long that will take.
func (s *spool) pop(now time.Time) (*job, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.jobs) == 0 {
		return nil, idle
	}
	if wait := s.jobs[0].due.Sub(now); wait > 0 {
		return nil, wait
	}
	j := heap.Pop(&s.jobs).(*job)
	if len(s.jobs) > 0 {
		s.signal() // one token for many jobs: the next worker looks too
	}
	return j, 0
}

// close refuses new jobs and returns those it dropped.
func (s *spool) close() []*job {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	dropped := s.jobs
	s.jobs = nil
	return dropped
}

func (s *spool) sent(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Sent++
	s.stats.SentAt = at
}

// note keeps the last error; final counts the message as failed.
func (s *spool) note(reason string, fault Fault, at time.Time, final bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.LastError, s.stats.LastErrorAt, s.stats.LastFault = reason, at, fault
	if final {
		s.stats.Failed++
	}
}

func (s *spool) snapshot() ChannelStats {
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Waiting = len(s.jobs)
	return stats
}

// send is one try, bounded in time so that a sender without time limits of its
// own cannot hold a worker for ever.
func (s *spool) send(ctx context.Context, l Letter) error {
	ctx, cancel := context.WithTimeout(ctx, maxSend)
	defer cancel()
	return s.sender.Send(ctx, l)
}

const maxSend = time.Minute
