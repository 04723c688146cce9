package caddymodule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/notify"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// buildPolicy lays the configuration over the defaults.
func (a *App) buildPolicy() (*recovery.Policy, error) {
	p := recovery.Default()
	p.Site, p.Help = a.Name, a.Help
	for goal, ways := range a.Recover {
		if _, known := p.Ways[goal]; !known {
			return nil, fmt.Errorf("recover: unknown goal %q: use password, second_factor or both", goal)
		}
		p.Ways[goal] = ways
	}
	for name, d := range a.Lifetimes {
		field := lifetime(&p.Lifetimes, name)
		if field == nil {
			return nil, fmt.Errorf("lifetime: unknown name %q: use one of %s", name, strings.Join(lifetimeNames(), ", "))
		}
		*field = time.Duration(d)
		if err := bounds()[name].check(name, *field); err != nil {
			return nil, err
		}
	}
	for name, l := range a.Limits {
		field := limit(&p.Limits, name)
		if field == nil {
			return nil, fmt.Errorf("limit: unknown name %q: use one of %s", name, limitNames)
		}
		if l.Count <= 0 || l.Per <= 0 {
			return nil, fmt.Errorf("limit %s: count and time must be more than nothing: write it like limit %[1]s 5 per 10m", name)
		}
		*field = recovery.Rate{Count: l.Count, Per: time.Duration(l.Per)}
	}
	if err := a.extras(p); err != nil {
		return nil, err
	}
	if h := a.Hash; h != nil {
		p.Hash = secret.HashParams{Time: h.Time, Memory: h.Memory, Threads: h.Threads}
		if err := checkHash(p.Hash); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// extras lays over what is asked in addition, and the lock.
func (a *App) extras(p *recovery.Policy) error {
	for method, kinds := range a.Ask {
		for _, k := range kinds {
			if !askable(method, k) {
				return fmt.Errorf("ask %s for %s: use pin for change_password, or question for recover", method, k)
			}
		}
	}
	p.Ask = a.Ask
	if l := a.Lock; l != nil {
		if l.After < 1 || l.For <= 0 {
			return fmt.Errorf("lock: count and time must be more than nothing: write it like lock after 10 for 1h")
		}
		p.Lock = &recovery.Lock{After: l.After, For: time.Duration(l.For)}
	}
	return nil
}

func askable(method string, kind recovery.Kind) bool {
	return method == recovery.PIN && kind == recovery.KindChangePassword ||
		method == recovery.SecurityQuestion && kind == recovery.KindRecover
}

// checkHash refuses costs below the OWASP minimum for argon2id (19 MiB, t=2).
func checkHash(p secret.HashParams) error {
	if p.Memory < 19<<10 || p.Time < 1 || p.Threads < 1 || p.Time*(p.Memory>>10) < 38 {
		return fmt.Errorf("hash: t=%d m=%dKiB p=%d is too cheap to guess: at least t=2 m=19MiB p=1", p.Time, p.Memory, p.Threads)
	}
	return nil
}

// lifetime finds the field of a name.
func lifetime(l *recovery.Lifetimes, name string) *time.Duration {
	return map[string]*time.Duration{
		"mail_link": &l.MailLink, "mail_code": &l.MailCode, "sms_code": &l.SMSCode, "flow": &l.Flow,
		"session_idle": &l.SessionIdle, "session_absolute": &l.SessionAbsolute,
		"keep_idle": &l.KeepIdle, "keep_absolute": &l.KeepAbsolute,
		"remembered": &l.Remembered, "fresh": &l.Fresh, "probation": &l.Probation, "recovered_ban": &l.RecoveredBan,
		"invite": &l.Invite, "setup": &l.Setup, "rescue": &l.Rescue, "notice": &l.Notice,
		"case": &l.Case, "ripe": &l.Ripe, "new_contact": &l.NewContact,
	}[name]
}

func lifetimeNames() []string {
	names := []string{
		"mail_link", "mail_code", "sms_code", "flow", "session_idle", "session_absolute", "keep_idle", "keep_absolute",
		"remembered", "fresh", "probation", "recovered_ban", "invite", "setup", "rescue", "notice",
		"case", "ripe", "new_contact",
	}
	slices.Sort(names)
	return names
}

// bound is the shortest and the longest life of something.
type bound struct{ least, most time.Duration }

// bounds are those of all lifetimes, none of which can be set beyond them: at the
// lower end an owner has no time to hear and to act, or to type; at the upper
// one, what was stolen on its way is good for too long (TK-04). Pages and
// messages that say "at least a day" or "at least three days" rely on it.
func bounds() map[string]bound {
	const day = 24 * time.Hour
	code, sent, session := bound{time.Minute, 10 * time.Minute}, bound{time.Minute, time.Hour}, bound{time.Minute, 366 * day}
	return map[string]bound{
		"mail_code": code, "sms_code": code, "mail_link": sent, "flow": sent, "fresh": sent,
		"session_idle": session, "session_absolute": session, "keep_idle": session, "keep_absolute": session, "remembered": session,
		"setup": {5 * time.Minute, day}, "rescue": {5 * time.Minute, day}, "case": {time.Hour, day}, "invite": {time.Hour, 30 * day},
		"probation": {day, 30 * day}, "recovered_ban": {day, 30 * day},
		"notice": {3 * day, 30 * day}, "new_contact": {3 * day, 30 * day}, "ripe": {3 * day, 14 * day},
	}
}

// check says what to write instead.
func (b bound) check(name string, d time.Duration) error {
	switch {
	case d == 0 && mayBeOff(name):
		return nil
	case d < b.least:
		return fmt.Errorf("lifetime %s: %s is too short, use at least %s: nobody could act within it", name, spoken(d), spoken(b.least))
	case d > b.most:
		return fmt.Errorf("lifetime %s: %s is too long, use at most %s: a longer one would weaken what it protects", name, spoken(d), spoken(b.most))
	}
	return nil
}

// mayBeOff tells whether there may be none of a lifetime.
func mayBeOff(name string) bool { return name == "remembered" }

// noticeLasts refuses notices that end before what they tell of counts. It looks
// at all lifetimes together, in whatever order they are written.
func (a *App) noticeLasts() error {
	l := a.policy.Lifetimes
	if l.Notice >= l.NewContact {
		return nil
	}
	word := "lifetime notice"
	if a.Lines[word] == "" {
		word = "lifetime new_contact"
	}
	return a.at(&notify.OptionError{Option: word, Err: fmt.Errorf("lifetime notice: %s is less than new_contact (%s), so that a new address could not be taken back all the time: use at least %s",
		spoken(l.Notice), spoken(l.NewContact), spoken(l.NewContact))})
}

// spoken is a duration as it is written in a Caddyfile.
func spoken(d time.Duration) string { return lint.Delay(d).String() }

const limitNames = "failures, codes, sends, sends_daily, flows, posts, names"

func limit(l *recovery.Limits, name string) *recovery.Rate {
	return map[string]*recovery.Rate{
		"failures": &l.Failures, "codes": &l.CodesHourly, "sends": &l.SendsHourly, "sends_daily": &l.SendsDaily,
		"flows": &l.Flows, "posts": &l.Posts, "names": &l.Names,
	}[name]
}

func minutes(d time.Duration) string { return strconv.Itoa(int(d / time.Minute)) }
