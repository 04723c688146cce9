//go:build linux

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"
	"time"
)

// What we aim at. The first two are medians of the ratios within a round.
const (
	aimNothing = 0.97
	aimWon     = 0.3 // of the rounds, against doing nothing
	aimPlain   = 0.93
	aimAsking  = 0.50 // to reverse_proxy alone
	aimYes     = 0.95 // to a second Caddy that says yes to everything
	aimBusy    = 50 * time.Millisecond
)

// report is what is printed.
type report struct {
	Go          string           `json:"go"`
	Cores       int              `json:"cores"`
	Rounds      int              `json:"rounds"`
	Seconds     int              `json:"seconds"`
	Connections int              `json:"connections"`
	Rows        []row            `json:"configurations"`
	Sizes       map[string]int64 `json:"binary_bytes"`
	Hash        hashing          `json:"password_hash"`
	Revoked     *revoked         `json:"revoked"`
	SignIns     *busy            `json:"while_signing_in"`
}

// row is one configuration: medians over the rounds.
type row struct {
	Key       string        `json:"key"`
	Name      string        `json:"name"`
	PerSecond float64       `json:"per_second"`
	ToPlain   ratio         `json:"to_plain"`
	ToNothing ratio         `json:"to_nothing"`
	ToFile    ratio         `json:"to_file"`
	ToYes     ratio         `json:"to_yes"`
	P50       time.Duration `json:"p50_ns"`
	P99       time.Duration `json:"p99_ns"`
	Front     float64       `json:"front_cpu_us"` // per request
	Upstream  float64       `json:"upstream_cpu_us"`
	Redis     float64       `json:"redis_cpu_us"`
}

// ratio compares requests per second within each round.
type ratio struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Won    int     `json:"won"` // rounds in which it was 1 or more
}

func (b *bench) report(o options, samples map[string][]sample) *report {
	r := &report{
		Go: runtime.Version(), Cores: runtime.NumCPU(), Rounds: o.rounds, Seconds: o.seconds,
		Connections: o.connections, Sizes: b.sizes,
	}
	for _, c := range b.list {
		s := samples[c.key]
		r.Rows = append(r.Rows, row{
			Key: c.key, Name: c.name,
			PerSecond: median(s, func(s sample) float64 { return s.perSec }),
			ToPlain:   compare(s, samples[plain]), ToNothing: compare(s, samples[nothing]), ToFile: compare(s, samples[onFile]), ToYes: compare(s, samples[yes]),
			P50:      median(s, func(s sample) time.Duration { return s.p50 }),
			P99:      median(s, func(s sample) time.Duration { return s.p99 }),
			Front:    median(s, func(s sample) float64 { return s.front }),
			Upstream: median(s, func(s sample) float64 { return s.upstream }),
			Redis:    median(s, func(s sample) float64 { return s.redis }),
		})
	}
	return r
}

func median[T cmp.Ordered](samples []sample, of func(sample) T) T {
	var list []T
	for _, s := range samples {
		list = append(list, of(s))
	}
	slices.Sort(list)
	return list[len(list)/2]
}

// compare pairs the rounds.
func compare(one, other []sample) ratio {
	var list []float64
	r := ratio{}
	for i := range one {
		q := one[i].perSec / other[i].perSec
		list = append(list, q)
		if q >= 1 {
			r.Won++
		}
	}
	slices.Sort(list)
	r.Median, r.Min, r.Max = list[len(list)/2], list[0], list[len(list)-1]
	if n := len(list); n%2 == 0 {
		r.Median = (list[n/2-1] + list[n/2]) / 2
	}
	return r
}

func (r ratio) String() string {
	return fmt.Sprintf("%.3f [%.2f–%.2f] %d", r.Median, r.Min, r.Max, r.Won)
}

func (r *report) writeJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	return e.Encode(r)
}

func (r *report) writeText(out io.Writer) error {
	fmt.Fprintf(out, "%s, %d cores; %d rounds of %d s, %d connections; medians. A ratio is that of one round:\n"+
		"median [least–most] rounds in which it was 1 or more.\n\n", r.Go, r.Cores, r.Rounds, r.Seconds, r.Connections)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\tset-up\trequests/s\tto (a)\tto (b)\tp50\tp99\tCPU µs: front\tupstream\tredis")
	for _, x := range r.Rows {
		fmt.Fprintf(w, "%s\t%s\t%.0f\t%v\t%v\t%v\t%v\t%.0f\t%.0f\t%.0f\n", x.Key, x.Name, x.PerSecond, x.ToPlain, x.ToNothing,
			x.P50.Round(10*time.Microsecond), x.P99.Round(10*time.Microsecond), x.Front, x.Upstream, x.Redis)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(out)
	for _, x := range r.Rows {
		if x.Key == onFile || x.Key == onRedis {
			r.aims(out, x)
		}
	}
	for _, x := range r.Rows {
		if x.Key == asking {
			fmt.Fprintf(out, "(%s) %s: to reverse_proxy alone %.3f (aim: at least %.2f, %s), to a yes to everything (%s) %.3f (aim: at least %.2f, %s)\n",
				x.Key, x.Name, x.ToPlain.Median, aimAsking, verdict(x.ToPlain.Median >= aimAsking), yes, x.ToYes.Median, aimYes, verdict(x.ToYes.Median >= aimYes))
		}
	}
	r.further(out)
	fmt.Fprintf(out, "%d sessions ended at one Caddy, until another one on the same Redis refuses them: p50 %v, p99 %v, at most %v\n",
		r.Revoked.Sessions, r.Revoked.P50.Round(10*time.Microsecond), r.Revoked.P99.Round(10*time.Microsecond), r.Revoked.Most.Round(10*time.Microsecond))
	s := r.SignIns
	fmt.Fprintf(out, "while %d people sign in at once (%d answered meanwhile): p50 %v, p99 %v (aim: p99 at most %v, %s), %.0f requests/s\n",
		s.SignIns, s.Answered, s.P50, s.P99, aimBusy, verdict(s.P99 <= aimBusy), s.PerSecond)
	fmt.Fprintf(out, "one password hash: %v, CPU %v\n", r.Hash.Wall.Round(time.Millisecond), r.Hash.CPU.Round(time.Millisecond))
	_, err := fmt.Fprintf(out, "binary, stripped: %.1f MB\n", float64(r.Sizes["caddy"])/1e6)
	return err
}

// further compares the cookie of a further host with that of the session.
func (r *report) further(out io.Writer) {
	for _, x := range r.Rows {
		if x.Key == derived {
			fmt.Fprintf(out, "(%s) %s: to that of the session (%s) %.3f [%.2f–%.2f] (aim: 1 is among them, %s)\n",
				x.Key, x.Name, onFile, x.ToFile.Median, x.ToFile.Min, x.ToFile.Max, verdict(x.ToFile.Min <= 1 && x.ToFile.Max >= 1))
		}
	}
}

func (r *report) aims(out io.Writer, x row) {
	won := float64(x.ToNothing.Won) >= aimWon*float64(r.Rounds)
	fmt.Fprintf(out, "(%s) %s: to doing nothing %.3f (aim: at least %.2f, %s), won %d of %d rounds (aim: at least %.0f, %s), "+
		"to reverse_proxy alone %.3f (aim: at least %.2f, %s)\n", x.Key, x.Name,
		x.ToNothing.Median, aimNothing, verdict(x.ToNothing.Median >= aimNothing),
		x.ToNothing.Won, r.Rounds, aimWon*float64(r.Rounds), verdict(won),
		x.ToPlain.Median, aimPlain, verdict(x.ToPlain.Median >= aimPlain))
}

func verdict(met bool) string {
	if met {
		return "met"
	}
	return "missed"
}
