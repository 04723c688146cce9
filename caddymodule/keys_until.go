package caddymodule

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// rootKey is a key of "secret".
type rootKey struct {
	root []byte
	ends time.Time // it opens nothing from then on; zero: it has no end
}

type roots []rootKey

// opening are the keys that open at a time. The one in front has no end.
func (r roots) opening(now time.Time) (list [][]byte) {
	for _, k := range r {
		if k.ends.IsZero() || now.Before(k.ends) {
			list = append(list, k.root)
		}
	}
	return list
}

func (r roots) has(root []byte) bool {
	return slices.ContainsFunc(r, func(k rootKey) bool { return bytes.Equal(k.root, root) })
}

// next is when a key ends next; zero: none does.
func (r roots) next(now time.Time) (next time.Time) {
	for _, k := range r {
		if k.ends.After(now) && (next.IsZero() || k.ends.Before(next)) {
			next = k.ends
		}
	}
	return next
}

// untilForm is a key with its last day behind it.
var untilForm = regexp.MustCompile(`^(?s:(.+)) until (\S+)$`) //nolint:gochecknoglobals // never changes

var errUntilFront = errors.New("is in front and seals, and until stands behind one that only opens: take it out there")

// cutUntil takes the last day off a value of "secret". A key ends with that day, in
// UTC: all Caddys on a store end it together.
func cutUntil(i int, value string) (text string, ends time.Time, err error) {
	m := untilForm.FindStringSubmatch(value)
	if m == nil {
		return value, time.Time{}, nil
	}
	wrong := func(err error) error {
		return &notify.OptionError{Option: "secret", Err: fmt.Errorf("secret %d %w", i+1, err)}
	}
	day, err := time.Parse(time.DateOnly, m[2])
	switch {
	case err != nil:
		return "", time.Time{}, wrong(fmt.Errorf("has no day behind until: write it like 2027-01-31"))
	case i == 0:
		return "", time.Time{}, wrong(errUntilFront)
	}
	return m[1], day.AddDate(0, 0, 1), nil
}

// withUntil joins the words of the Caddyfile to one for each key.
func withUntil(words []string) []string {
	var out []string
	for len(words) > 0 {
		if len(words) > 2 && words[1] == "until" {
			out, words = append(out, words[0]+" until "+words[2]), words[3:]
			continue
		}
		out, words = append(out, words[0]), words[1:]
	}
	return out
}

// endLook is how often a key that has an end is looked at: a clock may be put right,
// and a machine may sleep.
const endLook = time.Minute

// endKeys takes keys away whose day is over while a configuration runs, until the
// function it returns is called.
func (a *App) endKeys(s *shared, keys *secret.Keys, now func() time.Time, every time.Duration) (stop func()) {
	all, err := a.configuredRoots()
	if err != nil || len(a.Secrets) == 0 || all.next(now()).IsZero() {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.Background())
	go supervise.Run(a.logger, "the end of a secret", func() {
		for had := len(all.opening(now())); ; {
			select {
			case <-ctx.Done():
				return
			case <-time.After(every):
			}
			if n := len(all.opening(now())); n != had {
				had = n
				s.lose(keys, func() ([][]byte, error) { return a.rootsAt(now()) })
			}
		}
	})
	return cancel
}

// lose leaves a configuration that runs the keys that are left.
func (s *shared) lose(keys *secret.Keys, left func() ([][]byte, error)) {
	roots, err := left()
	var rest *secret.Keys
	if err == nil {
		rest, err = secret.NewKeys(roots...)
	}
	if err != nil {
		s.logger.Error("an old secret still opens, though its day is over: take it away and reload", "error", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	keys.Use(rest)
	s.apply()
	s.logger.Warn("the day of an old secret is over: it opens nothing any more; take it away")
}

// ended names the keys that open nothing any more; empty: there are none.
func (r roots) ended(now time.Time) string {
	var out []string
	for i, k := range r {
		if !k.ends.IsZero() && !now.Before(k.ends) {
			out = append(out, fmt.Sprintf("secret %d ended with %s", i+1, lastDay(k.ends)))
		}
	}
	return strings.Join(out, ", ")
}

// lastDay is the day that is written behind until.
func lastDay(ends time.Time) string { return ends.AddDate(0, 0, -1).Format(time.DateOnly) }

// withEnded adds to an error of keys that do not fit which of them ended.
func (a *App) withEnded(err error) error {
	all, wrong := a.configuredRoots()
	if wrong != nil || err == nil || all.ended(time.Now()) == "" {
		return err
	}
	return fmt.Errorf("%w (%s: to go on for a while write a later day)", err, all.ended(time.Now()))
}
