package recovery

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// idSize is the length of an account id: 16 random bytes as base64url. The
// session cookie is this id and a token of 32 bytes (TK-01), so that finding
// the session is reading the account.
const (
	idSize      = 22
	sessionSize = idSize + 43
)

func joinSession(account, token string) string { return account + token }

// splitSession returns the account id and the sum of the token; empty for
// anything that cannot be a session cookie (HD-04).
func splitSession(cookie string) (id, sum string) {
	if len(cookie) != sessionSize {
		return "", ""
	}
	for i := range len(cookie) {
		c := cookie[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return "", ""
		}
	}
	return cookie[:idSize], secret.Sum(cookie[idSize:])
}

// SignOut ends the session of a cookie, or with everywhere all sessions of its
// account. A cookie without a session is no error and ends nothing.
func (e *Engine) SignOut(ctx context.Context, cookie string, everywhere bool) error {
	id, sum := splitSession(cookie)
	if id == "" {
		return nil
	}
	if !everywhere {
		return e.endSession(ctx, id, EventLogout, func(s Session) bool { return s.Sum == sum })
	}
	a, _, err := e.signedIn(ctx, cookie)
	if err != nil || a == nil {
		return err
	}
	return e.endSession(ctx, id, EventSessionsEnded, func(Session) bool { return true })
}

// EndSession ends one session of an account by its id.
func (e *Engine) EndSession(ctx context.Context, account, session string) error {
	return e.endSession(ctx, account, EventSessionEnded, func(s Session) bool { return s.ID == session })
}

func (e *Engine) endSession(ctx context.Context, id string, name EventName, ends func(Session) bool) error {
	a, err := e.edit(ctx, id, func(a *Account) error {
		if !slices.ContainsFunc(a.Sessions, ends) {
			return errMoved
		}
		a.Sessions = slices.DeleteFunc(a.Sessions, ends)
		return nil
	})
	if errors.Is(err, errMoved) || errors.Is(err, ErrNoAccount) {
		return nil
	}
	if err == nil {
		e.audit(Event{Name: name, Account: a.ID, Person: a.Name})
	}
	return err
}

// Account returns the signed-in account and session, or nils. It reads the
// store; requests to the app go through [Guard] instead.
func (e *Engine) Account(ctx context.Context, cookie string) (*Account, *Session, error) {
	return e.signedIn(ctx, cookie)
}

// touch writes that a session was used: at most every few minutes, after the
// response.
func (e *Engine) touch(ctx context.Context, account, sum string) error {
	now := e.Now()
	_, err := e.edit(ctx, account, func(a *Account) error {
		s := a.Session(sum, now)
		if s == nil || now.Sub(s.Seen) < touchAfter(time.Duration(s.Idle)*time.Second) {
			return errMoved
		}
		s.Seen = now
		for i := range a.Devices {
			if a.Devices[i].ID == s.Device {
				a.Devices[i].Seen = now
			}
		}
		return nil
	})
	if errors.Is(err, errMoved) {
		return nil
	}
	return err
}

// touchAfter is how old the written last use may be: five minutes, or less
// when sessions end sooner than that.
func touchAfter(idle time.Duration) time.Duration { return min(5*time.Minute, idle/4) }

// HasAccounts tells whether the first account exists. Once it does, the answer
// is kept in the process.
func (e *Engine) HasAccounts(ctx context.Context) (bool, error) {
	if e.settled.Load() {
		return true, nil
	}
	id, ok, err := kv.Load[string](ctx, e.Store, firstKey)
	if err != nil || !ok {
		return false, err
	}
	if _, err := e.account(ctx, id); errors.Is(err, ErrNoAccount) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	e.settled.Store(true)
	return true, e.HearLines(ctx)
}

const (
	firstKey = "first"
	setupKey = "setup"
)
