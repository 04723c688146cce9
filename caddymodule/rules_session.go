package caddymodule

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

func (s *SiteRules) factors(d *caddyfile.Dispenser) error {
	var count string
	switch {
	case s.Factors != 0:
		return d.Err("factors is there twice: write it once")
	case !d.AllArgs(&count) || count != "2":
		return reads(d, "factors 2 (without the line a sign-in asks for what the account has)")
	}
	s.Factors = 2
	return nil
}

func (s *SiteRules) loadFactors(rules *guard.Rules) error {
	if s.Factors != 0 && s.Factors != 2 {
		return errors.New("factors: write 2, or leave it out")
	}
	rules.Factors = s.Factors
	return nil
}

// Bounds of the times. A shorter proof would be over before the page that asks for
// it has led back; a longer one than a session can live asks for nothing.
const (
	minFresh, maxFresh         = time.Minute, 90 * 24 * time.Hour
	minRecovered, maxRecovered = time.Minute, 366 * 24 * time.Hour
)

func (s *SiteRules) fresh(d *caddyfile.Dispenser) error { return readSpan(d, &s.Fresh, "10m") }

func (s *SiteRules) recoveredWithin(d *caddyfile.Dispenser) error {
	return readSpan(d, &s.RecoveredWithin, "3d")
}

func (s *SiteRules) loadFresh(rules *guard.Rules) (err error) {
	rules.Fresh, err = span("fresh", s.Fresh, minFresh, maxFresh)
	return err
}

func (s *SiteRules) loadRecoveredWithin(rules *guard.Rules) (err error) {
	rules.Recovered, err = span("recovered_within", s.RecoveredWithin, minRecovered, maxRecovered)
	return err
}

// readSpan reads a line of one duration.
func readSpan(d *caddyfile.Dispenser, into *caddy.Duration, example string) error {
	word, text := d.Val(), ""
	if *into != 0 {
		return d.Errf("%s is there twice: write it once", word)
	}
	if !d.AllArgs(&text) {
		return reads(d, word+" DURATION, such as "+word+" "+example)
	}
	t, err := duration(text)
	if err == nil && t == 0 {
		err = errors.New("nothing is no duration: leave the line out")
	}
	if err != nil {
		return d.Errf("%s: %v", word, err)
	}
	*into = caddy.Duration(t)
	return nil
}

// span is a duration within its bounds; zero when it was not written.
func span(word string, d caddy.Duration, low, high time.Duration) (time.Duration, error) {
	t := time.Duration(d)
	if t != 0 && (t < low || t > high) {
		return 0, fmt.Errorf("%s %s: write a duration from %s to %dd", word, t, strings.TrimSuffix(low.String(), "0s"), int(high/(24*time.Hour)))
	}
	return t, nil
}
