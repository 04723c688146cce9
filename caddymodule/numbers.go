package caddymodule

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// lifetimeRow is a lifetime that an operator may set, within bounds: at the lower
// end an owner has no time to hear and to act, or to type; at the upper one, what
// was stolen on its way is good for too long (TK-04). Pages and messages that say
// "at least a day" or "at least three days" rely on it.
type lifetimeRow struct {
	name        string
	of          func(*recovery.Lifetimes) *time.Duration
	least, most time.Duration
	why         string // for recovery/NUMBERS.md
	off         bool   // there may be none
}

const day = 24 * time.Hour

func lifetimeRows() []lifetimeRow {
	type L = recovery.Lifetimes
	return []lifetimeRow{
		{"mail_link", func(l *L) *time.Duration { return &l.MailLink }, time.Minute, time.Hour, "a link in a recovery mail: mail may be slow, and a mailbox may be read by others later", false},
		{"mail_code", func(l *L) *time.Duration { return &l.MailCode }, time.Minute, 10 * time.Minute, "a code by mail (NIST SP 800-63B 3.1.3.2: at most ten minutes)", false},
		{"sms_code", func(l *L) *time.Duration { return &l.SMSCode }, time.Minute, 10 * time.Minute, "a code by text message (NIST SP 800-63B 3.1.3.2: at most ten minutes)", false},
		{"flow", func(l *L) *time.Duration { return &l.Flow }, time.Minute, time.Hour, "what was begun and proved waits this long for the next step", false},
		{"session_idle", func(l *L) *time.Duration { return &l.SessionIdle }, time.Minute, 366 * day, "a session that is not used ends (ASVS 7.3.1)", false},
		{"session_absolute", func(l *L) *time.Duration { return &l.SessionAbsolute }, time.Minute, 366 * day, "any session ends (ASVS 7.3.2)", false},
		{"keep_idle", func(l *L) *time.Duration { return &l.KeepIdle }, time.Minute, 366 * day, "the same with *keep me signed in*", false},
		{"keep_absolute", func(l *L) *time.Duration { return &l.KeepAbsolute }, time.Minute, 366 * day, "the same with *keep me signed in*", false},
		{"remembered", func(l *L) *time.Duration { return &l.Remembered }, time.Minute, 366 * day, "trust in a browser that skips the second factor; `off`: there is none", true},
		{"fresh", func(l *L) *time.Duration { return &l.Fresh }, time.Minute, time.Hour, "a proof is good for changes of the account this long (ASVS 7.5.1)", false},
		{"probation", func(l *L) *time.Duration { return &l.Probation }, day, 30 * day, "after a way back nothing more is changed, so that the owner hears of it first", false},
		{"recovered_ban", func(l *L) *time.Duration { return &l.RecoveredBan }, day, 30 * day, "a recovered password proves nothing for the second factor", false},
		{"invite", func(l *L) *time.Duration { return &l.Invite }, time.Hour, 30 * day, "an invitation waits in a mailbox", false},
		{"setup", func(l *L) *time.Duration { return &l.Setup }, 5 * time.Minute, day, "the link in the log that makes the first account", false},
		{"rescue", func(l *L) *time.Duration { return &l.Rescue }, 5 * time.Minute, day, "a link that an operator hands over", false},
		{"notice", func(l *L) *time.Duration { return &l.Notice }, 3 * day, 30 * day, "*this wasn't me* works over a long weekend; not less than `new_contact`", false},
		{"case", func(l *L) *time.Duration { return &l.Case }, time.Hour, day, "a link that an administrator had sent", false},
		{"ripe", func(l *L) *time.Duration { return &l.Ripe }, 3 * day, 14 * day, "a wait that is over can still be used: the person may be away that day", false},
		{"new_contact", func(l *L) *time.Duration { return &l.NewContact }, 3 * day, 30 * day, "a new address is no way back, and the old one can undo it", false},
		{"delete", func(l *L) *time.Duration { return &l.Delete }, day, 30 * day, "a removed account can be brought back this long", false},
		{"name", func(l *L) *time.Duration { return &l.Name }, 30 * day, 3660 * day, "the name of a removed or renamed person is nobody else's: apps know people by it", false},
		{"audit", func(l *L) *time.Duration { return &l.Audit }, 30 * day, 3660 * day, "a day of the audit trail is kept; for as long an older `secret` is needed to check it", false},
	}
}

// lifetimeOf finds a row; nil: there is none of that name.
func lifetimeOf(name string) *lifetimeRow {
	rows := lifetimeRows()
	if i := slices.IndexFunc(rows, func(r lifetimeRow) bool { return r.name == name }); i >= 0 {
		return &rows[i]
	}
	return nil
}

func lifetimeNames() string {
	var names []string
	for _, r := range lifetimeRows() {
		names = append(names, r.name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// check says what to write instead.
func (r lifetimeRow) check(d time.Duration) error {
	switch {
	case d == 0 && r.off:
		return nil
	case d < r.least:
		return fmt.Errorf("lifetime %s: %s is too short, use at least %s: nobody could act within it", r.name, spoken(d), spoken(r.least))
	case d > r.most:
		return fmt.Errorf("lifetime %s: %s is too long, use at most %s: a longer one would weaken what it protects", r.name, spoken(d), spoken(r.most))
	}
	return nil
}

// limitRow is a limit that an operator may set: a count in a time.
type limitRow struct {
	name            string
	of              func(*recovery.Limits) *recovery.Rate
	fewest, most    int
	shortest, whole time.Duration // the least and the greatest time
	why             string
}

func limitRows() []limitRow {
	type L = recovery.Limits
	return []limitRow{
		{"failures", func(l *L) *recovery.Rate { return &l.Failures }, 1, 20, time.Minute, day, "wrong passwords of an account from one network, before each costs a wait that doubles (ASVS 6.3.1; NIST SP 800-63B 3.2.2)"},
		{"codes", func(l *L) *recovery.Rate { return &l.CodesHourly }, 3, 30, 10 * time.Minute, day, "wrong codes of an account and a method: of a million six digits"},
		{"sends", func(l *L) *recovery.Rate { return &l.SendsHourly }, 1, 60, 10 * time.Minute, day, "recovery messages to an account; more are silently not sent"},
		{"sends_daily", func(l *L) *recovery.Rate { return &l.SendsDaily }, 1, 200, time.Hour, 7 * day, "the same over a longer time"},
		{"flows", func(l *L) *recovery.Rate { return &l.Flows }, 5, 100_000, time.Second, time.Hour, "flows that one network begins"},
		{"posts", func(l *L) *recovery.Rate { return &l.Posts }, 5, 1_000_000, time.Second, time.Hour, "forms that one network sends"},
		{"keys", func(l *L) *recovery.Rate { return &l.Keys }, 5, 1_000_000, time.Second, time.Hour, "access keys that let in nobody, from one network; after that it is told to wait (a right key is let in all the same)"},
		{"names", func(l *L) *recovery.Rate { return &l.Names }, 5, 1000, time.Minute, day, "names that failed to sign in from one address; three times as many from its /24 or /48"},
	}
}

// limitOf finds a row; nil: there is none of that name.
func limitOf(name string) *limitRow {
	rows := limitRows()
	if i := slices.IndexFunc(rows, func(r limitRow) bool { return r.name == name }); i >= 0 {
		return &rows[i]
	}
	return nil
}

func limitNames() string {
	var names []string
	for _, r := range limitRows() {
		names = append(names, r.name)
	}
	return strings.Join(names, ", ")
}

// check says what to write instead.
func (r limitRow) check(to recovery.Rate) error {
	if to.Count >= r.fewest && to.Count <= r.most && to.Per >= r.shortest && to.Per <= r.whole {
		return nil
	}
	if to.Count <= 0 || to.Per <= 0 {
		return fmt.Errorf("limit %s: count and time must be more than nothing: write it like limit %[1]s 5 per 10m", r.name)
	}
	return fmt.Errorf("limit %s: %d per %s is out of bounds: use %d to %d per %s to %s", r.name, to.Count, spoken(to.Per), r.fewest, r.most, spoken(r.shortest), spoken(r.whole))
}
