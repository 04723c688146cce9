// Package figures counts what happens in this process, for Prometheus. It is fed
// from events and hooks that are there for others too, and nothing in the engine
// knows of it. A label never holds what a client has chosen: no name, no host, no
// address. All of it begins at zero when the process starts, and a reload changes
// nothing of it.
package figures

import (
	"errors"
	"hash/maphash"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Set is what one process counts.
type Set struct {
	signIns   *prometheus.CounterVec
	locks     *prometheus.CounterVec
	asked     prometheus.Counter
	begun     *prometheus.CounterVec
	done      *prometheus.CounterVec
	events    *prometheus.CounterVec
	listed    map[recovery.EventName]prometheus.Counter
	messages  *prometheus.CounterVec
	storeTime *prometheus.HistogramVec
	storeFail *prometheus.CounterVec

	methods  few
	sessions recent
	live     atomic.Pointer[Live]
}

// Live is what can be looked at in the configuration that runs.
type Live struct {
	Hashes  func() (running, waiting int) // of passwords
	Waiting func() map[string]int         // messages by channel
}

// New makes a set in which nothing has happened. now is time.Now outside tests.
func New(now func() time.Time) *Set {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	}
	s := &Set{
		signIns: counter("sign_ins_total", "Sign-ins by what was shown, and proofs that were wrong or not looked at (limited), those in ways back too.", "method", "result"),
		locks:   counter("lockouts_total", "Locks of an account that too many wrong tries have begun, by what is locked.", "method"),
		asked: prometheus.NewCounter(prometheus.CounterOpts{
			Namespace: namespace, Name: "recoveries_asked_total", Help: "Ways back that were begun with any name, those of people who do not exist too.",
		}),
		begun:    counter("recoveries_started_total", "Ways back in which something was shown and the goal is known, by goal.", "goal"),
		done:     counter("recoveries_finished_total", "Ways back that came to their end, by goal; the rest of those started is abandoned.", "goal"),
		events:   counter("events_total", "Events as in the log, by name.", "event"),
		messages: counter("messages_total", "Messages to people and to the operator that came to an end, by channel.", "channel", "result"),
		storeTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "store_duration_seconds", Help: "How long calls of the store took, by operation.",
			Buckets: []float64{.00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"operation"}),
		storeFail: counter("store_errors_total", "Calls of the store that gave no answer, by operation.", "operation"),
		sessions:  recent{now: now, seed: maphash.MakeSeed(), used: map[uint64]time.Time{}},
	}
	s.begin()
	return s
}

const namespace = "sparekey"

// begin has series that will come be there from the start, so that their first
// step is one.
func (s *Set) begin() {
	for _, g := range recovery.Goals() {
		s.begun.WithLabelValues(string(g))
		s.done.WithLabelValues(string(g))
	}
	s.listed = map[recovery.EventName]prometheus.Counter{}
	for _, e := range recovery.Events() {
		s.listed[e.Name] = s.events.WithLabelValues(string(e.Name))
	}
	for _, op := range []string{"get", "get_many", "swap"} {
		s.storeTime.WithLabelValues(op)
		s.storeFail.WithLabelValues(op)
	}
}

// Register shows the set in a registry. Each configuration of Caddy has one of its
// own, and the set is the same in all.
func (s *Set) Register(r prometheus.Registerer) error {
	err := r.Register(s)
	if _, again := errors.AsType[prometheus.AlreadyRegisteredError](err); again {
		return nil
	}
	return err
}

func (s *Set) collectors() []prometheus.Collector {
	return []prometheus.Collector{s.signIns, s.locks, s.asked, s.begun, s.done, s.events, s.messages, s.storeTime, s.storeFail}
}

// Describe implements prometheus.Collector.
func (s *Set) Describe(out chan<- *prometheus.Desc) {
	for _, c := range s.collectors() {
		c.Describe(out)
	}
	for _, d := range gauges() {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (s *Set) Collect(out chan<- prometheus.Metric) {
	for _, c := range s.collectors() {
		c.Collect(out)
	}
	s.look(out)
}

// Interface guards
var _ prometheus.Collector = (*Set)(nil)
