package engine

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// leavingAdmins is the one record that every act swaps which takes an administrator
// away: of two at once that would leave none, the second is refused.
const leavingAdminsKey = "leavingadmins"

// leavingAdmin is one who is being taken away. The account says so a moment later;
// after a crash it does not, and the entry means nothing once that moment is over.
type leavingAdmin struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
}

// An act that counted the administrators longer ago than countGood counts anew, so
// that an entry which is kept for leavingLasts is seen by every count that needs it.
const (
	countGood    = 10 * time.Second
	leavingLasts = time.Minute
)

// mayLeave refuses to take an administrator away where no active one with a second
// factor would be left. Whoever acts is one, whatever the roster says.
func (e *Engine) mayLeave(ctx context.Context, by Authority, who *recovery.Account) error {
	counted := e.Now()
	able, err := e.ableAdmins(ctx)
	if err != nil {
		return err
	}
	if by.admin != nil {
		able = append(able, by.admin.ID)
	}
	_, err = kv.Update(ctx, e.Store, leavingAdminsKey, time.Time{}, func(list *[]leavingAdmin, _ bool) error {
		now := e.Now()
		if now.Sub(counted) > countGood {
			return errors.New("counting the administrators took too long: try again")
		}
		*list = slices.DeleteFunc(*list, func(l leavingAdmin) bool { return l.ID == who.ID || now.Sub(l.At) > leavingLasts || now.Before(l.At) })
		left := slices.DeleteFunc(slices.Clone(able), func(id string) bool {
			return id == who.ID || slices.ContainsFunc(*list, func(l leavingAdmin) bool { return l.ID == id })
		})
		if len(left) == 0 {
			return recovery.ErrLastAdmin
		}
		*list = append(*list, leavingAdmin{who.ID, now})
		return nil
	})
	return err
}

// ableAdmins lists the active administrators with a second factor. A row of the
// roster that is too old says of nobody that they are one: the account does.
func (e *Engine) ableAdmins(ctx context.Context) ([]string, error) {
	var able []string
	err := e.EachPerson(ctx, func(p Person) error {
		if !p.Admin {
			return nil
		}
		a, err := e.account(ctx, p.ID)
		switch {
		case errors.Is(err, recovery.ErrNoAccount):
			return nil
		case err != nil:
			return err
		case a.Admin() && a.State == recovery.StateActive && e.Methods.HasFactor(a):
			able = append(able, a.ID)
		}
		return nil
	})
	return able, err
}
