package figures_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/caddy-sparekey/sparekey/caddymodule/figures"
	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

var update = flag.Bool("update", false, "write METRICS.md")

// shown is what a registry would show of a set, by name and labels.
func shown(t *testing.T, s *figures.Set) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	if err := errors.Join(s.Register(registry), s.Register(registry)); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			name := strings.TrimSpace(f.GetName() + " " + strings.Join(labels, " "))
			switch {
			case m.GetCounter() != nil:
				out[name] = m.GetCounter().GetValue()
			case m.GetGauge() != nil:
				out[name] = m.GetGauge().GetValue()
			default:
				out[name] = float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return out
}

// TestMetricsAreListed: METRICS.md is what there is, and names follow the conventions
// of Prometheus.
func TestMetricsAreListed(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Metrics\n\nThey are on Caddy's own endpoint, `/metrics` of its admin API or of the directive `metrics`. All of them are of this process\n" +
		"and begin at zero when it starts. This page is written by `go test ./caddymodule/figures -update`.\n\n| metric | labels | what it says |\n| --- | --- | --- |\n")
	for _, d := range described(t) {
		labels := ""
		if len(d.labels) > 0 {
			labels = "`" + strings.Join(d.labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", d.name, labels, d.help)
		if !strings.HasPrefix(d.name, "sparekey_") || strings.ToLower(d.name) != d.name || !strings.HasSuffix(d.help, ".") {
			t.Errorf("got %+v, want a name in small letters after sparekey_, and a sentence", d)
		}
		for _, l := range d.labels {
			if !slices.Contains([]string{"method", "result", "goal", "event", "channel", "operation"}, l) {
				t.Errorf("%s: got the label %s, want one of those whose values are known beforehand", d.name, l)
			}
		}
	}
	if *update {
		if err := os.WriteFile("METRICS.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := os.ReadFile("METRICS.md"); err != nil || string(text) != b.String() {
		t.Errorf("METRICS.md is not what the code says (%v): run with -update and read what changed", err)
	}
}

// TestFiguresOfRealWalks: what the engine tells of people who sign in, mistype, are
// locked out and come back.
func TestFiguresOfRealWalks(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithPolicy(func(p *recovery.Policy) { p.Lock = &recovery.Lock{After: 3, For: time.Hour} }))
	set, alice := figures.New(w.Clock.Now), recoverytest.Alice()
	w.Setup(alice)
	w.Guard.Seen, w.Engine.Store.Took = set.Seen, set.Store
	b := w.Browser()
	w.SignIn(b, alice, "/")
	w.Browser().Get("/.sparekey/recover").Want("recover").Submit("name", "canary").Want("sent")
	w.Ask(w.Browser(), alice) // and goes away
	w.LostPhone(w.Browser(), alice)
	for range 4 {
		w.Browser().Get("/").Submit("name", alice.Name, "password", "wrong horse staple")
	}
	w.Browser().Get("/").Submit("name", "canary", "password", "wrong horse staple")
	w.Engine.Later(t.Context())
	for _, e := range w.Events.All() {
		set.Event(e)
	}
	got := shown(t, set)
	for series, want := range map[string]float64{
		"sparekey_sign_ins_total method=password+totp result=ok": 1,
		"sparekey_sign_ins_total method=password result=wrong":   4,
		"sparekey_sign_ins_total method=password result=limited": 1,
		"sparekey_lockouts_total method=password":                1,
		"sparekey_recoveries_asked_total":                        3,
		"sparekey_recoveries_started_total goal=second_factor":   1,
		"sparekey_recoveries_started_total goal=password":        0,
		"sparekey_recoveries_finished_total goal=second_factor":  1,
		"sparekey_recoveries_finished_total goal=both":           0,
		"sparekey_events_total event=recovery_goal":              1,
		"sparekey_events_total event=setup":                      1,
		"sparekey_sessions_used":                                 1,
		"sparekey_store_errors_total operation=swap":             0,
		"sparekey_store_open":                                    0,
		"sparekey_messages_total channel=mail result=sent":       0,
	} {
		if got[series] != want {
			t.Errorf("%s: got %v, want %v", series, got[series], want)
		}
	}
	if got["sparekey_store_duration_seconds operation=get"] == 0 || got["sparekey_store_duration_seconds operation=swap"] == 0 {
		t.Errorf("got %v, want calls of the store", got)
	}
	for series := range got {
		for _, s := range []string{alice.Name, alice.Mail, "canary", "127.0.0.1", "192.0.2"} {
			if strings.Contains(series, s) {
				t.Errorf("got %s, want nothing of people or addresses", series)
			}
		}
	}
}

// TestFiguresCostARequestNothing: a request of a known session is allowed with as many
// allocations as without them, and without a call of ours.
func TestFiguresCostARequestNothing(t *testing.T) {
	w := recoverytest.New(t)
	set, alice := figures.New(w.Clock.Now), recoverytest.Alice()
	w.Setup(alice)
	b := w.Browser()
	w.SignIn(b, alice, "/")
	q := guard.Question{Cookie: b.Cookie("sparekey").Value}
	check := func() {
		if d := w.Guard.Check(t.Context(), q); d.Reason != guard.Allowed {
			t.Fatalf("got reason %d, want it allowed", d.Reason)
		}
	}
	check()
	bare := testing.AllocsPerRun(1000, check)
	called := 0
	w.Guard.Seen = func(account, session string) { called++; set.Seen(account, session) }
	w.Engine.Store.Took = func(op string, took time.Duration, err error) { called++; set.Store(op, took, err) }
	if n := testing.AllocsPerRun(1000, check); n != bare || called != 0 {
		t.Errorf("got %v allocations and %d calls, want %v and none", n, called, bare)
	}
}

// TestFiguresAreBounded: whatever the values, there are not many series.
func TestFiguresAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	set := figures.New(func() time.Time { return now })
	begun := len(shown(t, set))
	for i := range 1000 {
		set.Event(recovery.Event{Name: recovery.EventLogin, Method: fmt.Sprint("password ", i)})
		set.Event(recovery.Event{Name: recovery.EventAimed, Detail: fmt.Sprint("goal", i)})
		set.Event(recovery.Event{Name: recovery.EventName(fmt.Sprint("event", i))})
	}
	if n := len(shown(t, set)) - begun; n != 65 {
		t.Errorf("got %d new series, want 64 and one for all others", n)
	}
	for i := range 150_000 {
		set.Seen("account", fmt.Sprint(i))
	}
	if n := shown(t, set)["sparekey_sessions_used"]; n != 100_000 {
		t.Errorf("got %v sessions, want 100,000", n)
	}
	now = now.Add(59 * time.Minute)
	set.Seen("account", "1")
	now = now.Add(2 * time.Minute)
	if n := shown(t, set)["sparekey_sessions_used"]; n != 1 {
		t.Errorf("an hour later: got %v sessions, want the one used since", n)
	}
}

// TestFiguresOfAStoreAndMessages: what is an error, and what became of messages.
func TestFiguresOfAStoreAndMessages(t *testing.T) {
	t.Parallel()
	set := figures.New(time.Now)
	for _, err := range []error{nil, context.Canceled, context.DeadlineExceeded, errors.New("away")} {
		set.Store("get", time.Millisecond, err)
	}
	for _, became := range []recovery.Delivery{recovery.Delivered, recovery.Delivered, recovery.Refused, recovery.Dropped} {
		set.Message("sms", became)
	}
	leave := set.Use(figures.Live{Hashes: func() (int, int) { return 1, 7 }, Waiting: func() map[string]int { return map[string]int{"mail": 3} }})
	for series, want := range map[string]float64{
		"sparekey_store_errors_total operation=get":          2,
		"sparekey_store_duration_seconds operation=get":      4,
		"sparekey_messages_total channel=sms result=sent":    2,
		"sparekey_messages_total channel=sms result=refused": 1,
		"sparekey_messages_total channel=sms result=dropped": 1,
		"sparekey_store_open":                                1,
		"sparekey_hashes_running":                            1,
		"sparekey_hashes_waiting":                            7,
		"sparekey_messages_waiting channel=mail":             3,
	} {
		if got := shown(t, set)[series]; got != want {
			t.Errorf("%s: got %v, want %v", series, got, want)
		}
	}
	next := set.Use(figures.Live{Hashes: func() (int, int) { return 0, 0 }, Waiting: func() map[string]int { return nil }})
	if leave(); shown(t, set)["sparekey_store_open"] != 1 {
		t.Error("the configuration of before takes the newest one's figures with it")
	}
	if next(); shown(t, set)["sparekey_store_open"] != 0 {
		t.Error("the store is shown as open after the end")
	}
}
