//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// hashing is what one password hash costs, with the default parameters.
type hashing struct {
	Wall time.Duration `json:"wall_ns"`
	CPU  time.Duration `json:"cpu_ns"`
}

// hashCost is the median of five hashes in this process.
func hashCost(ctx context.Context) (h hashing, err error) {
	hasher := secret.NewHasher(secret.DefaultHash(), 0)
	var wall, used []time.Duration
	for range 5 {
		begin, before := time.Now(), ownCPU()
		if _, err := hasher.Hash(ctx, "correct horse staple"); err != nil {
			return h, err
		}
		wall, used = append(wall, time.Since(begin)), append(used, ownCPU()-before)
	}
	return hashing{Wall: middle(wall), CPU: middle(used)}, nil
}

func middle(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}

func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// busy is what signed-in people notice of others who sign in.
type busy struct {
	SignIns   int           `json:"sign_ins"` // asked for at once
	Answered  int           `json:"answered"` // while the load ran; the rest still waited
	P50       time.Duration `json:"p50_ns"`
	P99       time.Duration `json:"p99_ns"`
	PerSecond float64       `json:"per_second"` // signed-in requests
}

// busyTime is how long the load runs; 200 sign-ins take longer on most machines.
const busyTime = 8 * time.Second

// whileSigningIn measures requests of a signed-in person while many others
// sign in, all at once.
func (b *bench) whileSigningIn(ctx context.Context, o options) (*busy, error) {
	say("%d sign-ins at once …", o.signIns)
	c := b.find(onFile)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var people sync.WaitGroup
	var answered, failed atomic.Int64
	for i := range o.signIns {
		people.Go(func() {
			switch err := trySignIn(ctx, c.front.base(), i); {
			case err == nil:
				answered.Add(1)
			case ctx.Err() == nil:
				failed.Add(1)
				say("sign-in %d: %v", i, err)
			}
		})
	}
	l, err := wrk(ctx, c.front.base()+"/", 8, busyTime, c.header...)
	result := &busy{SignIns: o.signIns, Answered: int(answered.Load()), P50: l.p50, P99: l.p99, PerSecond: l.perSec}
	cancel() // who still waits has told us what there is to know
	people.Wait()
	if err == nil && l.refused > 0 {
		err = fmt.Errorf("while others signed in, %d requests were refused", l.refused)
	}
	if n := failed.Load(); n > 0 {
		err = errors.Join(err, fmt.Errorf("%d sign-ins failed", n))
	}
	return result, err
}

// trySignIn posts a name nobody has: this costs the same, and no account is
// slowed down by it. Everybody has an address of their own, as people do.
func trySignIn(ctx context.Context, base string, i int) error {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, byte(1+i/250), byte(1+i%250))}}
	client := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
	form := url.Values{"start": {"login"}, "name": {fmt.Sprintf("nobody%d", i)}, "password": {"correct horse staple"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/.sparekey/", strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return err
	}
	if res.StatusCode != http.StatusUnprocessableEntity {
		return fmt.Errorf("got status %d, want 422", res.StatusCode)
	}
	return nil
}
