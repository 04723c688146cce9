//go:build linux

package main

import (
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// load is what one run of wrk tells.
type load struct {
	requests int
	perSec   float64
	p50, p99 time.Duration
	refused  int // answers of status 400 and above
}

// wrk loads an address for a time. Socket errors are errors: then the figures
// are those of something else.
func wrk(ctx context.Context, url string, connections int, length time.Duration, header ...string) (load, error) {
	args := []string{
		"-t", strconv.Itoa(min(2, connections)), "-c", strconv.Itoa(connections),
		"-d", strconv.Itoa(int(length/time.Second)) + "s", "--timeout", "10s", "--latency",
	}
	for _, h := range header {
		args = append(args, "-H", h)
	}
	out, err := exec.CommandContext(ctx, "wrk", append(args, url)...).CombinedOutput()
	if err != nil {
		return load{}, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	return parseWrk(string(out))
}

func parseWrk(out string) (l load, err error) {
	if strings.Contains(out, "Socket errors") {
		return l, fmt.Errorf("wrk had connections fail:\n%s", out)
	}
	if l.requests, err = strconv.Atoi(found(out, `(\d+) requests in `)); err != nil {
		return l, fmt.Errorf("wrk said nothing of requests:\n%s", out)
	}
	if l.perSec, err = strconv.ParseFloat(found(out, `Requests/sec:\s+([\d.]+)`), 64); err != nil {
		return l, fmt.Errorf("wrk said nothing of a rate:\n%s", out)
	}
	if text := found(out, `Non-2xx or 3xx responses: (\d+)`); text != "" {
		if l.refused, err = strconv.Atoi(text); err != nil {
			return l, err
		}
	}
	if l.p50, err = time.ParseDuration(found(out, `\s50%\s+(\S+)`)); err != nil {
		return l, fmt.Errorf("wrk's latencies: %w", err)
	}
	l.p99, err = time.ParseDuration(found(out, `\s99%\s+(\S+)`))
	return l, err
}

func found(text, pattern string) string {
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return m[1]
}
