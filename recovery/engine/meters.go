package engine

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// meters lists the meters that a try of a method is charged to.
func (r *run) meters(t recovery.Traits) []meter {
	l := r.Policy.Limits
	perFlow := meter{
		key: r.meterKey("flow", r.flow.ID, t.Name), rule: window(recovery.Rate{Count: l.CodeTries, Per: 24 * time.Hour}),
		life: r.Policy.Lifetimes.Flow + requestLife, keep: true, // longer than its flow
	}
	switch t.Throttle {
	case recovery.ThrottleBackoff:
		return append(r.pauses(t.Name), r.row(t.Name))
	case recovery.ThrottleSecret:
		return []meter{r.growing(r.meterKey("backoff", r.account.ID, t.Name, r.subject()))}
	case recovery.ThrottleDaily:
		daily := meter{key: r.meterKey("daily", r.account.ID, t.Name, r.share()), rule: window(recovery.Rate{Count: l.Memory, Per: 24 * time.Hour}), life: 24 * time.Hour}
		return []meter{daily, r.row(t.Name)}
	case recovery.ThrottleFlow:
		return []meter{perFlow}
	case recovery.ThrottlePatience:
		perFlow.rule = window(recovery.Rate{Count: patience, Per: 24 * time.Hour})
		return []meter{perFlow}
	case recovery.ThrottleCode:
		hourly := meter{key: r.meterKey("hourly", r.account.ID, t.Name, r.share()), rule: window(l.CodesHourly), life: l.CodesHourly.Per}
		return []meter{perFlow, hourly, r.row(t.Name)}
	}
	return []meter{{key: r.meterKey("never", t.Name), rule: inARow(0), life: time.Hour}}
}

// requestLife is how long one may take to reach people.
const requestLife = time.Hour

// patience is how often a flow may ask whether other people have vouched.
const patience = 200

// pauses lists the meters that make wrong passwords wait.
func (r *run) pauses(method string) []meter {
	unlocks := strconv.FormatUint(r.account.Unlocks, 10)
	if lock := r.Policy.Lock; lock != nil && method == recovery.Password && !r.crowded() {
		return []meter{{key: r.meterKey("lock", r.account.ID, unlocks, r.share()), rule: lockRule(*lock), life: lock.For, locks: lockOfPause, stranger: r.flow.IsDecoy()}}
	}
	return []meter{r.growing(r.meterKey("backoff", r.account.ID, method, unlocks, r.subject()))}
}

// growing is the meter of growing waits with a key, or in a crowd that of the
// network.
func (r *run) growing(key string) meter {
	if r.crowded() {
		return r.ofCrowd()
	}
	l := r.Policy.Limits
	return meter{key: key, rule: backoff(l), life: backoffLife(l), stranger: r.flow.IsDecoy()}
}

// row is the meter of failures in a row. That of the password ends with a
// sign-in of its owner and when the pause is lifted. That of a second proof can
// only be filled by somebody who has another one: beyond known browsers it ends
// with a new password or factor, and a success takes back its own tries only.
func (r *run) row(method string) meter {
	if r.flow.IsDecoy() {
		return r.strangersRow()
	}
	m := meter{key: r.rowKey(r.account, method, r.share()), rule: inARow(r.Policy.Limits.Consecutive), life: suspended, locks: method}
	switch {
	case method == recovery.Password:
		m.mark = r.account.Unlocks + r.account.SignIns
	case r.share() != r.known() || r.known() == "":
		m.flow = r.flowID()
	}
	return m
}

// rowKey names a row after the credentials that it counts for: those that
// replace them have other ids, and begin without failures.
func (e *Engine) rowKey(a *recovery.Account, method, share string) string {
	var ids []string
	for _, c := range a.Credentials {
		if c.Method == method || c.Method == recovery.Password {
			ids = append(ids, c.ID)
		}
	}
	return e.meterKey("row", a.ID, method, strings.Join(ids, " "), share)
}

// Guessed tells how many codes were tried in a row, on browsers that the
// account does not know, by somebody who had another proof already. paused
// tells that no more are looked at there.
func (e *Engine) Guessed(ctx context.Context, a *recovery.Account) (n int, paused bool, err error) {
	for _, method := range e.Methods.Names() {
		if !guessable(e.Methods.Get(method).Traits()) {
			continue
		}
		t, _, err := kv.Load[tally](ctx, e.Store, e.rowKey(a, method, ""))
		if err != nil {
			return 0, false, err
		}
		n += t.Count
		paused = paused || t.Count >= e.Policy.Limits.Consecutive
	}
	return n, paused, nil
}

// WorthTelling is from how many codes on the owner is told: fewer are typos.
const WorthTelling = 10

// guessable tells that a method is short, and asked after another proof only.
func guessable(t recovery.Traits) bool {
	return t.Throttle == recovery.ThrottleCode || t.Throttle == recovery.ThrottleDaily
}

// share is whose tries and messages are counted together, beside the account:
// those of flows that show what cannot be guessed, of one known browser, or of
// everybody else. So strangers use up neither of the first two (TH-04).
func (r *run) share() string {
	if slices.ContainsFunc(r.flow.Proofs, r.Methods.Unguessable) {
		return "secret"
	}
	return r.known()
}

// subject is share, where strangers are told apart by their network.
func (r *run) subject() string {
	if share := r.share(); share != "" {
		return share
	}
	return r.client.Network
}

func (r *run) known() string {
	if d := r.account.Device(r.client.Device); d != nil {
		return d.ID
	}
	return ""
}

// distrust ends the trust in a known browser that has used up its tries. It
// stays known, and goes on being counted for itself.
func (r *run) distrust(ctx context.Context) {
	id := r.known()
	if id == "" || !r.Now().Before(r.account.Device(r.client.Device).Remembered) {
		return
	}
	_, err := r.edit(ctx, r.account.ID, func(a *recovery.Account) error {
		a.Distrust(id)
		return nil
	})
	if err != nil && !errors.Is(err, recovery.ErrNoAccount) {
		r.log().Warn("browser still trusted", "error", err)
	}
}
