//go:build linux

// Command bench measures what the gate costs: the same Caddy in front of the
// same upstream, with and without it, in turns and in one go, because figures
// of two runs on one machine differ more than what is measured.
//
//	go run ./examples/bench [-rounds 10] [-seconds 3] [-revocations 1000] [-json]
//
// It needs Linux, wrk and redis-server, stays on loopback, and ends every
// process it started. The defaults take about five minutes, of which building
// is the part that varies.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	rounds      int
	seconds     int
	connections int
	signIns     int
	revocations int
	json        bool
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 10, "rounds; each measures every configuration once")
	flag.IntVar(&o.seconds, "seconds", 3, "seconds of load for each configuration and round")
	flag.IntVar(&o.connections, "connections", 32, "connections of the load generator")
	flag.IntVar(&o.signIns, "sign-ins", 200, "parallel sign-ins at the end")
	flag.IntVar(&o.revocations, "revocations", 1000, "sessions ended at one Caddy and asked for at another one")
	flag.BoolVar(&o.json, "json", false, "print the report as JSON")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, o)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

var errNoWrk = errors.New("wrk is not installed: run 'apt-get install --no-install-recommends wrk'")

func run(ctx context.Context, o options) error {
	if o.rounds < 1 || o.seconds < 1 || o.connections < 1 || o.signIns < 1 {
		return errors.New("rounds, seconds, connections and sign-ins must be 1 or more")
	}
	if _, err := exec.LookPath("wrk"); err != nil {
		return errNoWrk
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Minute) // a machine on which this takes longer tells nothing
	defer cancel()
	dir, err := os.MkdirTemp("", "sparekey-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := start(ctx, dir)
	if b != nil {
		defer b.stop()
	}
	if err != nil {
		return err
	}
	r, err := b.measure(ctx, o)
	if err != nil {
		return err
	}
	if o.json {
		return r.writeJSON(os.Stdout)
	}
	return r.writeText(os.Stdout)
}

// say tells where we are; figures alone go to standard output.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
