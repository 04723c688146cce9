package figures

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Event counts an event of the log.
func (s *Set) Event(e recovery.Event) {
	n, listed := s.listed[e.Name]
	if !listed {
		return
	}
	n.Inc()
	switch e.Name {
	case recovery.EventLogin:
		s.signIns.WithLabelValues(s.methods.one(e.Method), "ok").Inc()
	case recovery.EventLoginFailed, recovery.EventSuspended:
		result := "wrong"
		if e.Detail == "limited" {
			result = "limited"
		}
		s.signIns.WithLabelValues(s.methods.one(e.Method), result).Inc()
	case recovery.EventLocked:
		s.locks.WithLabelValues(s.methods.one(e.Method)).Inc()
	case recovery.EventRecoverStarted:
		s.asked.Inc()
	case recovery.EventAimed:
		if g := recovery.Goal(e.Detail); slices.Contains(recovery.Goals(), g) {
			s.begun.WithLabelValues(e.Detail).Inc()
		}
	case recovery.EventPasswordReset:
		s.done.WithLabelValues(string(recovery.GoalPassword)).Inc()
	case recovery.EventFactorReset:
		s.done.WithLabelValues(string(recovery.GoalSecondFactor)).Inc()
	case recovery.EventBothReset:
		s.done.WithLabelValues(string(recovery.GoalBoth)).Inc()
	}
}

// Store counts a call of the store. A client that went away is no fault of it.
func (s *Set) Store(operation string, took time.Duration, err error) {
	s.storeTime.WithLabelValues(operation).Observe(took.Seconds())
	if err != nil && !errors.Is(err, context.Canceled) {
		s.storeFail.WithLabelValues(operation).Inc()
	}
}

// Message counts a message that came to its end.
func (s *Set) Message(channel string, became recovery.Delivery) {
	result := map[recovery.Delivery]string{recovery.Delivered: "sent", recovery.Refused: "refused"}[became]
	if result == "" {
		result = "dropped"
	}
	s.messages.WithLabelValues(channel, result).Inc()
}

// Seen notes that a session was used. It is told when the session is read, which is
// every 30 seconds while it is in use, and not for each request.
func (s *Set) Seen(account, session string) { s.sessions.saw(account, session) }

// few are the values of a label, of which there are not many: ways that people sign
// in, made of methods. Should there be more, they are one.
type few struct {
	mu   sync.Mutex
	seen map[string]string
}

const (
	most  = 64 // values
	other = "other"
)

// one is a value that may be shown.
func (f *few) one(methods string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if label := f.seen[methods]; label != "" {
		return label
	}
	if len(f.seen) >= most || methods == "" {
		return other
	}
	if f.seen == nil {
		f.seen = map[string]string{}
	}
	label := strings.ReplaceAll(methods, " ", "+")
	f.seen[methods] = label
	return label
}
