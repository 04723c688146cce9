package figures

import "github.com/prometheus/client_golang/prometheus"

// The gauges are looked at when somebody asks for them.
var ( //nolint:gochecknoglobals // never change
	openDesc     = gauge("store_open", "1 while the store is open, 0 while the gate waits for it and answers 503.")
	sessionsDesc = gauge("sessions_used", "Sessions that were used at this process within the last hour; those beyond 100,000 are not counted.")
	runningDesc  = gauge("hashes_running", "Passwords that are being hashed.")
	waitingDesc  = gauge("hashes_waiting", "Passwords that wait to be hashed; from 256 on people are asked to try again.")
	messagesDesc = gauge("messages_waiting", "Messages that wait to be sent, by channel.", "channel")
)

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

func gauges() []*prometheus.Desc {
	return []*prometheus.Desc{openDesc, sessionsDesc, runningDesc, waitingDesc, messagesDesc}
}

// Use has the gauges look at a configuration, until another one comes or the
// function it returns is called.
func (s *Set) Use(l Live) (leave func()) {
	s.live.Store(&l)
	return func() { s.live.CompareAndSwap(&l, nil) }
}

// look writes down the gauges as they are now.
func (s *Set) look(out chan<- prometheus.Metric) {
	show := func(d *prometheus.Desc, n int, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
	}
	show(sessionsDesc, s.sessions.count())
	l := s.live.Load()
	if l == nil {
		show(openDesc, 0)
		return
	}
	show(openDesc, 1)
	running, waiting := l.Hashes()
	show(runningDesc, running)
	show(waitingDesc, waiting)
	for channel, n := range l.Waiting() {
		show(messagesDesc, n, channel)
	}
}
