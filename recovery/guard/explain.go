package guard

import (
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Explained is what a gate would say to somebody, rule by rule.
type Explained struct {
	Open    bool // the request passes without a login
	Reason  Reason
	Rules   []Said
	Until   time.Time // with DeniedRecovered: when it passes
	Second  bool      // two factors were shown in the session
	Able    bool      // the account has a second factor
	AtHome  bool      // the client is where one factor is enough
	InRules []string  // the groups and names of the person
	Barred  []string  // groups that count only with a second factor, which the account has not
	Locked  bool      // nothing passes without one
}

// Said is what one rule says.
type Said struct {
	Word   string // of the Caddyfile
	Reason Reason // Allowed, or why not
}

// Explain answers as [Guard.Check] does, for a session that somebody has or could
// have. Policy and methods are those of the engine.
func Explain(p *recovery.Policy, m *recovery.Methods, a *recovery.Account, s *recovery.Session, q Question, now time.Time) Explained {
	g := &Guard{Config: Config{Policy: p, Methods: m}}
	e := g.entryOf(a, s, now)
	x := asked{q.Rules, q.Client, now}
	if x.rules == nil {
		x.rules = new(Rules)
	}
	out := Explained{Open: q.open(), Reason: x.judge(&e.facts), Second: e.second, Able: e.able, AtHome: x.rules.OneFactor(q.Client), InRules: e.rules, Barred: e.barred, Locked: e.locked}
	for _, c := range checks() {
		out.Rules = append(out.Rules, Said{c.word, c.rule(x, &e.facts)})
	}
	if out.Reason == DeniedRecovered {
		out.Until = x.recoveredUntil(&e.facts)
	}
	return out
}
