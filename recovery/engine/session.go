package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// signedIn returns the account and session behind a session cookie, or nils. A
// session of fewer factors than the account has is none: it proves nothing.
func (e *Engine) signedIn(ctx context.Context, cookie string) (*recovery.Account, *recovery.Session, error) {
	a, s, err := e.session(ctx, cookie)
	if s != nil && s.Near {
		return nil, nil, nil
	}
	return a, s, err
}

// Halfway returns the account of such a session, or nil.
func (e *Engine) Halfway(ctx context.Context, cookie string) (*recovery.Account, error) {
	a, s, err := e.session(ctx, cookie)
	if s == nil || !s.Near {
		return nil, err
	}
	return a, nil
}

func (e *Engine) session(ctx context.Context, cookie string) (*recovery.Account, *recovery.Session, error) {
	id, sum := recovery.SplitSession(cookie)
	if id == "" {
		return nil, nil, nil
	}
	a, err := e.account(ctx, id)
	if errors.Is(err, recovery.ErrNoAccount) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	s := a.Session(sum, e.Now())
	if s == nil {
		return nil, nil, nil
	}
	return a, s, nil
}

// SignOut ends the session of a cookie, or with everywhere all sessions of its
// account. A cookie without a session is no error and ends nothing.
func (e *Engine) SignOut(ctx context.Context, cookie string, everywhere bool) error {
	id, sum := recovery.SplitSession(cookie)
	if id == "" {
		return nil
	}
	if !everywhere {
		return e.endSession(ctx, id, ending{recovery.EventLogout, func(s recovery.Session) bool { return s.GoesBy(sum, e.Now()) }, keepTrust})
	}
	a, _, err := e.signedIn(ctx, cookie)
	if err != nil || a == nil {
		return err
	}
	all := func(recovery.Session) bool { return true }
	return e.endSession(ctx, id, ending{recovery.EventSessionsEnded, all, func(a *recovery.Account, _ string) { a.UntrustDevices() }})
}

// SignOutElsewhere ends all sessions of an account but one, and the trust in the
// browsers of all others.
func (e *Engine) SignOutElsewhere(ctx context.Context, account string, own *recovery.Session) error {
	others := func(s recovery.Session) bool { return s.ID != own.ID }
	return e.endSession(ctx, account, ending{recovery.EventSessionsEnded, others, func(a *recovery.Account, _ string) { a.UntrustOthers(own.Device) }})
}

// EndSession ends one session of an account by its id.
func (e *Engine) EndSession(ctx context.Context, account, session string) error {
	one := func(s recovery.Session) bool { return s.ID == session }
	return e.endSession(ctx, account, ending{recovery.EventSessionEnded, one, (*recovery.Account).Distrust})
}

// EndTrust has a known browser asked for the second factor again. It takes an
// own session and no fresh proof, since nothing can be got by it. A browser that
// is not known is no error.
func (e *Engine) EndTrust(ctx context.Context, account, device string) error {
	ev := e.attributed(ctx, recovery.Event{Name: recovery.EventTrustEnded})
	err := e.always(func(enter entry) error {
		_, err := e.edit(ctx, account, func(a *recovery.Account) error {
			if !slices.ContainsFunc(a.Devices, func(d recovery.Device) bool { return d.ID == device && !d.Remembered.IsZero() }) {
				return recovery.ErrMoved
			}
			a.Distrust(device)
			return enter(a, &ev)
		})
		return err
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil
	}
	return err
}

// ending is which sessions end, and what becomes of the trust in their browsers:
// who ends a session elsewhere does not want its browser to skip the second
// factor either (ASVS 5.0 7.4.2, 7.5.2).
type ending struct {
	name  recovery.EventName
	ends  func(recovery.Session) bool
	trust func(a *recovery.Account, device string)
}

// keepTrust is for who signs out on a browser of their own.
func keepTrust(*recovery.Account, string) {}

func (e *Engine) endSession(ctx context.Context, id string, x ending) error {
	ev := e.attributed(ctx, recovery.Event{Name: x.name})
	change := func(a *recovery.Account, enter entry) error {
		before := len(a.Sessions)
		a.Sessions = slices.DeleteFunc(a.Sessions, func(s recovery.Session) bool {
			if x.ends(s) {
				x.trust(a, s.Device)
				return true
			}
			return false
		})
		if len(a.Sessions) == before {
			return recovery.ErrMoved
		}
		ev.ActorID, ev.Actor = a.ID, a.Name
		return enter(a, &ev)
	}
	err := e.always(func(enter entry) error {
		_, err := e.edit(ctx, id, func(a *recovery.Account) error { return change(a, enter) })
		return err
	})
	if errors.Is(err, recovery.ErrMoved) || errors.Is(err, recovery.ErrNoAccount) {
		return nil
	}
	return err
}

// Account returns the signed-in account and session, or nils. It reads the
// store; requests to the app go through package guard instead.
func (e *Engine) Account(ctx context.Context, cookie string) (*recovery.Account, *recovery.Session, error) {
	return e.signedIn(ctx, cookie)
}

// Touch writes that a session was used, with page by somebody who loaded a page:
// at most every few minutes, after the response.
func (e *Engine) Touch(ctx context.Context, account, sum string, page bool) error {
	now := e.Now()
	_, err := e.edit(ctx, account, func(a *recovery.Account) error {
		s := a.Session(sum, now)
		if s == nil {
			return recovery.ErrMoved
		}
		paged := page && a.Page(s.Device, now)
		if !paged && now.Sub(s.Seen) < recovery.TouchAfter(time.Duration(s.Idle)*time.Second) {
			return recovery.ErrMoved
		}
		a.Used(s, now)
		return nil
	})
	if errors.Is(err, recovery.ErrMoved) {
		return nil
	}
	return err
}
