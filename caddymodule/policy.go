package caddymodule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
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
		if *field = time.Duration(d); *field <= 0 {
			return nil, fmt.Errorf("lifetime %s: must be longer than nothing", name)
		}
		if top := ceilings()[name]; top > 0 && *field > top {
			return nil, fmt.Errorf("lifetime %s: at most %s, a longer one would weaken what it protects", name, top)
		}
	}
	for name, l := range a.Limits {
		field := limit(&p.Limits, name)
		if field == nil {
			return nil, fmt.Errorf("limit: unknown name %q: use one of failures, codes, sends, sends_daily, flows, posts, names", name)
		}
		if l.Count <= 0 || l.Per <= 0 {
			return nil, fmt.Errorf("limit %s: count and time must be more than nothing", name)
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
			return fmt.Errorf("lock: count and time must be more than nothing")
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

// ceilings are the longest lives of what can be stolen on its way (TK-04).
func ceilings() map[string]time.Duration {
	return map[string]time.Duration{
		"mail_link": time.Hour, "mail_code": 10 * time.Minute, "sms_code": 10 * time.Minute, "flow": time.Hour,
		"setup": 24 * time.Hour, "rescue": 24 * time.Hour, "invite": 30 * 24 * time.Hour,
	}
}

func limit(l *recovery.Limits, name string) *recovery.Rate {
	return map[string]*recovery.Rate{
		"failures": &l.Failures, "codes": &l.CodesHourly, "sends": &l.SendsHourly, "sends_daily": &l.SendsDaily,
		"flows": &l.Flows, "posts": &l.Posts, "names": &l.Names,
	}[name]
}

func minutes(d time.Duration) string { return strconv.Itoa(int(d / time.Minute)) }
