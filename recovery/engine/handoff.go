package engine

import (
	"context"
	"errors"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// handOffTicket is what a browser carries to a host. It is sealed: the value in
// its cookie is in no store, not even for a moment.
type handOffTicket struct {
	ID     string              `json:"i"` // of the record that lets it be used once
	Nonce  string              `json:"n"`
	Ends   int64               `json:"e"` // Unix seconds
	Cookie recovery.HostCookie `json:"c"`
}

const handOffCookie = "enter"

// keepTarget is how long it is known where a ticket that is over led to.
const keepTarget = 10 * time.Minute

// handOffKey names the record of a ticket; in it is where it leads.
func handOffKey(id string) string { return "enter/" + secret.Sum(id) }

// HandOff makes the ticket with which the browser of a session goes on at another
// host. It is empty when nobody is signed in. For a token that has been replaced
// there is none: the host would send its cookie back here, and the browser round
// and round.
func (e *Engine) HandOff(ctx context.Context, c recovery.Client, to recovery.HandOff) (string, *recovery.Problem, error) {
	if wait := e.posts.allow(c.Network, e.Now()); wait > 0 {
		return "", tooMany(wait), nil
	}
	a, s, err := e.session(ctx, c.Session) // the guard of the other host knows of how many factors it is
	if err != nil || a == nil {
		return "", nil, err
	}
	if _, sum := recovery.SplitSession(c.Session); s.Replaced(sum) {
		return "", &recovery.Problem{Key: recovery.ProblemEnterAgain}, nil
	}
	if err := e.hosted(ctx, a.ID, c.Session, s); err != nil {
		return "", nil, err
	}
	ends := e.Now().Add(recovery.HandOffLife)
	t := handOffTicket{ID: secret.Token(16), Nonce: to.Nonce, Ends: ends.Unix(), Cookie: recovery.NewHostCookie(s, c.Session, to.Origin)}
	sealed, err := e.Keys.SealCookie(handOffCookie, t)
	if err != nil {
		return "", nil, err
	}
	return sealed, nil, kv.PutOnce(ctx, e.Store, handOffKey(t.ID), to.Target, ends.Add(keepTarget))
}

// hosted sees to it that the row of a session of before there were such cookies
// can tell them.
func (e *Engine) hosted(ctx context.Context, account, cookie string, s *recovery.Session) error {
	if s.Host != "" {
		return nil
	}
	_, sum := recovery.SplitSession(cookie)
	_, err := e.edit(ctx, account, func(a *recovery.Account) error {
		s := a.Session(sum, e.Now())
		if s == nil || s.Host != "" {
			return recovery.ErrMoved
		}
		s.Host = recovery.HostSum(cookie[recovery.IDSize:])
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil
	}
	return err
}

// Enter uses a ticket at the host of an origin, if the browser holds what that
// host gave it before it left. A ticket of another host or browser stays as it is.
func (e *Engine) Enter(ctx context.Context, origin, ticket string, holds func(nonce string) bool) (recovery.Entry, error) {
	var t handOffTicket
	if !e.Keys.UnsealCookie(handOffCookie, ticket, &t) || !t.Cookie.For(origin) {
		return recovery.Entry{}, nil
	}
	if !holds(t.Nonce) {
		target, _, err := kv.LookOnce[string](ctx, e.Store, handOffKey(t.ID))
		return recovery.Entry{Target: target}, err
	}
	target, ok, err := kv.TakeOnce[string](ctx, e.Store, handOffKey(t.ID))
	if err != nil || !ok || !e.Now().Before(time.Unix(t.Ends, 0)) {
		return recovery.Entry{Target: target}, err
	}
	_, s, err := e.atHost(ctx, t.Cookie)
	if err != nil || s == nil {
		return recovery.Entry{Target: target}, err
	}
	cookie, err := t.Cookie.Seal(e.Keys)
	entry := recovery.Entry{OK: err == nil, Cookie: cookie, Target: target}
	if s.Keep {
		entry.Ends = s.End
	}
	return entry, err
}

// AtHost returns the account and session behind the cookie of a further host, or
// nils.
func (e *Engine) AtHost(ctx context.Context, cookie, origin string) (*recovery.Account, *recovery.Session, error) {
	c, ok := recovery.OpenHostCookie(e.Keys, cookie, origin)
	if !ok {
		return nil, nil, nil
	}
	return e.atHost(ctx, c)
}

func (e *Engine) atHost(ctx context.Context, c recovery.HostCookie) (*recovery.Account, *recovery.Session, error) {
	a, err := e.account(ctx, c.Account)
	if errors.Is(err, recovery.ErrNoAccount) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	s, _ := a.HostSession(c, e.Now())
	if s == nil {
		return nil, nil, nil
	}
	return a, s, nil
}

// SignOutHost ends the session behind the cookie of a further host, for every
// host and the portal. A cookie without a session is no error.
func (e *Engine) SignOutHost(ctx context.Context, cookie, origin string) error {
	a, s, err := e.AtHost(ctx, cookie, origin)
	if err != nil || s == nil {
		return err
	}
	return e.endSession(ctx, a.ID, ending{recovery.EventLogout, func(x recovery.Session) bool { return x.ID == s.ID }, keepTrust})
}
