package recovery

import (
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// rememberGrace is how long the token that was replaced counts in any case: another
// tab may have sent it before it read the answer.
const rememberGrace = 10 * time.Minute

// mark is that of the browser in its cookie; empty: it shows none.
func (d *Device) mark(cookie string) mark {
	for _, m := range marks(cookie) {
		if secret.Sum(m.known) == d.TokenHash {
			return m
		}
	}
	return mark{}
}

// remember lets the browser skip the second factor with a token.
func (d *Device) remember(token string, until, now time.Time) {
	d.Remembered, d.Skip, d.SkipBefore, d.SkipSince = until, secret.Sum(token), "", now
}

// Distrust has the browser asked for the second factor again. It stays known.
func (d *Device) Distrust() {
	d.Remembered, d.Skip, d.SkipBefore, d.SkipSince = time.Time{}, "", "", time.Time{}
}

// TrustedUntil is until when the browser skips the second factor; zero: it does
// not.
func (d *Device) TrustedUntil(now time.Time, p *Policy) time.Time {
	if d == nil || d.Skip == "" || p.Lifetimes.Remembered <= 0 || !now.Before(d.Remembered) {
		return time.Time{}
	}
	return d.Remembered
}

// Skips tells whether the browser is not asked for the second factor: it shows the
// token for that, or the one before. That one counts as long as nothing says that
// the browser has got the newer one: an answer can be lost.
func (d *Device) Skips(cookie string, now time.Time, p *Policy) bool {
	if d.TrustedUntil(now, p).IsZero() {
		return false
	}
	shown := d.mark(cookie).skips
	return shown != "" && (same(d.Skip, secret.Sum(shown)) || same(d.SkipBefore, secret.Sum(shown)))
}

// Copied tells whether the browser shows a token for skipping the second factor
// that was replaced earlier: then two browsers have used it.
func (d *Device) Copied(cookie string, now time.Time, p *Policy) bool {
	return !d.TrustedUntil(now, p).IsZero() && d.mark(cookie).skips != "" && !d.Skips(cookie, now, p)
}

// skipped replaces the token that has skipped the second factor, and reports
// whether it did. What another tab has replaced a moment ago stays: answers that
// cross each other must not leave the browser with the older one.
func (d *Device) skipped(cookie, token string, now time.Time) bool {
	switch shown := secret.Sum(d.mark(cookie).skips); {
	case same(d.Skip, shown):
		d.SkipBefore = d.Skip
	case now.Before(d.SkipSince.Add(rememberGrace)):
		return false
	}
	d.Skip, d.SkipSince = secret.Sum(token), now
	return true
}

// arrived forgets the token before, when a session that came with the newer one is
// in use: its browser has got both.
func (d *Device) arrived(s *Session, now time.Time) {
	if d.SkipBefore != "" && !s.Created.Before(d.SkipSince) && !now.Before(d.SkipSince.Add(rememberGrace)) {
		d.SkipBefore = ""
	}
}

// Used notes that a session is in use, and the browser that it is in.
func (a *Account) Used(s *Session, now time.Time) {
	s.Seen = now
	if d := a.deviceByID(s.Device); d != nil {
		d.Seen = now
		d.arrived(s, now)
	}
}

// UntrustDevices ends the trust in all devices. They stay known, but none skips the
// second factor.
func (a *Account) UntrustDevices() { a.UntrustOthers("") }

// UntrustOthers ends the trust in all devices but one.
func (a *Account) UntrustOthers(id string) {
	for i := range a.Devices {
		if a.Devices[i].ID != id || id == "" {
			a.Devices[i].Distrust()
		}
	}
}

// Distrust ends the trust in one device, which stays known.
func (a *Account) Distrust(id string) {
	if d := a.deviceByID(id); d != nil {
		d.Distrust()
	}
}
