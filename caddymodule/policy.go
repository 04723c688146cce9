package caddymodule

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/method"
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
		row := lifetimeOf(name)
		if row == nil {
			return nil, fmt.Errorf("lifetime: unknown name %q: use one of %s", name, lifetimeNames())
		}
		if err := row.check(time.Duration(d)); err != nil {
			return nil, err
		}
		*row.of(&p.Lifetimes) = time.Duration(d)
	}
	for name, l := range a.Limits {
		row := limitOf(name)
		if row == nil {
			return nil, fmt.Errorf("limit: unknown name %q: use one of %s", name, limitNames())
		}
		rate := recovery.Rate{Count: l.Count, Per: time.Duration(l.Per)}
		if err := row.check(rate); err != nil {
			return nil, err
		}
		*row.of(&p.Limits) = rate
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
	for name, kinds := range a.Ask {
		for _, k := range kinds {
			if !askable(name, k) {
				return fmt.Errorf("ask %s for %s: use pin for change_password, or question for recover", name, k)
			}
		}
	}
	p.Ask = a.Ask
	for i, name := range a.Enrol {
		if !slices.Contains(enrollable(), name) || slices.Contains(a.Enrol[:i], name) {
			return fmt.Errorf("enrol %s: use each of %s at most once", strings.Join(a.Enrol, " "), oneOf(enrollable()))
		}
	}
	p.Enrol = a.Enrol
	if err := checkFactorFor(a.FactorFor); err != nil {
		return err
	}
	p.FactorFor, p.KnownDevice, p.Passkeys, p.AdminKeys, p.SecondAdmin = a.FactorFor, a.KnownDevice, a.Passkeys, a.AdminKeys, a.SecondAdmin
	p.TemporaryPassword = a.TemporaryPassword
	if l := a.Lock; l != nil {
		if l.After < 1 || l.For <= 0 {
			return fmt.Errorf("lock: count and time must be more than nothing: write it like lock after 10 for 1h")
		}
		p.Lock = &recovery.Lock{After: l.After, For: time.Duration(l.For)}
	}
	return nil
}

// enrollable names the second factors that people can make.
func enrollable() []string {
	methods := method.All(method.Set{})
	return slices.DeleteFunc(methods.Names(), func(name string) bool {
		_, can := methods.Get(name).(recovery.Enroller)
		return !can || !methods.Get(name).Traits().Factor
	})
}

func askable(name string, kind recovery.Kind) bool {
	return name == recovery.PIN && kind == recovery.KindChangePassword ||
		name == recovery.SecurityQuestion && kind == recovery.KindRecover
}

// checkHash refuses costs below the OWASP minimum for argon2id (19 MiB, t=2).
func checkHash(p secret.HashParams) error {
	if p.Memory < 19<<10 || p.Time < 1 || p.Threads < 1 || p.Time*(p.Memory>>10) < 38 {
		return fmt.Errorf("hash: t=%d m=%dKiB p=%d is too cheap to guess: at least t=2 m=19MiB p=1", p.Time, p.Memory, p.Threads)
	}
	return nil
}

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
func spoken(d time.Duration) string {
	text := lint.Delay(d).String()
	if strings.HasSuffix(text, "m0s") {
		return strings.TrimSuffix(text, "0s")
	}
	return text
}

func minutes(d time.Duration) string { return strconv.Itoa(int(d / time.Minute)) }
