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
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// groupLinksKey lists the links that live: of each its record, and no secret.
const groupLinksKey = "grouplinks"

// linkKind begins the names of the records of group links.
const linkKind = "grouplink"

type linkEntry struct {
	ID   string    `json:"id"`
	Sum  string    `json:"sum"` // behind the slash of its records
	Ends time.Time `json:"ends"`
}

func (l linkEntry) key() string { return linkKind + "/" + l.Sum }

// sumOf is what the records of a link are named by.
func sumOf(ticket string) string {
	_, sum, _ := strings.Cut(ticket, "/")
	return sum
}

// MakeLink makes a group's link and returns its secret, which is shown this once.
// Errors: [recovery.ErrNotAllowed], [recovery.ErrLinkNoMail], [recovery.ErrLinksMany],
// [recovery.ErrIsPerson], or what is wrong with what l says.
func (e *Engine) MakeLink(ctx context.Context, by Authority, l recovery.GroupLink) (string, *recovery.GroupLink, error) {
	note, err := e.accountable(by, "", l.Note)
	if err != nil {
		return "", nil, err
	}
	if !e.Methods.Has(recovery.ChannelMail) {
		return "", nil, recovery.ErrLinkNoMail
	}
	now := e.Now()
	l.Note, l.Made, l.ID, l.Places = note, now, strings.ToLower(secret.Code(keyIDSize)), nil
	l.Maker, l.By = actor(ctx).ID, actor(ctx).Name
	if l.Ends.IsZero() {
		l.Ends = now.Add(recovery.LinkLife)
	}
	if l, err = l.Check(now); err != nil {
		return "", nil, err
	}
	if err := e.distinctGroups(ctx, &recovery.Account{Groups: l.Groups}); err != nil {
		return "", nil, err
	}
	token, ticket := e.inviteToken()
	entry := linkEntry{l.ID, sumOf(ticket), l.Ends}
	if err := e.listLink(ctx, entry); err != nil {
		return "", nil, err
	}
	if err := e.noteInvitation(ctx, ticket, l.Ends); err != nil {
		return "", nil, err
	}
	if _, err := kv.Create(ctx, e.Store, entry.key(), l, l.Ends.Add(recovery.PlaceHeld)); err != nil {
		return "", nil, err
	}
	e.record(ctx, recovery.Event{Name: recovery.EventLinkMade, Detail: l.ID + ": " + strconv.Itoa(l.Uses) + " uses, groups " + strings.Join(l.Groups, " ") + ": " + note})
	return token, &l, nil
}

// listLink lists a link before there is one.
func (e *Engine) listLink(ctx context.Context, entry linkEntry) error {
	now := e.Now()
	_, err := kv.Update(ctx, e.Store, groupLinksKey, time.Time{}, func(list *[]linkEntry, _ bool) error {
		*list = slices.DeleteFunc(*list, func(l linkEntry) bool { return !now.Before(l.Ends) })
		if len(*list) >= recovery.MaxLinks {
			return recovery.ErrLinksMany
		}
		*list = append(*list, entry)
		return nil
	})
	return err
}

// Links lists the group links that live, the newest first.
func (e *Engine) Links(ctx context.Context) ([]recovery.GroupLink, error) {
	list, _, err := kv.Load[[]linkEntry](ctx, e.Store, groupLinksKey)
	if err != nil {
		return nil, err
	}
	var keys []string
	for _, l := range slices.Backward(list) {
		keys = append(keys, l.key())
	}
	var out []recovery.GroupLink
	err = kv.LoadMany(ctx, e.Store, keys, func(_ string, l recovery.GroupLink, err error) error {
		if err == nil && e.Now().Before(l.Ends) {
			out = append(out, l)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range out {
		if _, err := e.lapse(ctx, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Link is a group link that lives, by its id; [recovery.ErrNoLink].
func (e *Engine) Link(ctx context.Context, id string) (*recovery.GroupLink, error) {
	all, err := e.Links(ctx)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(all, func(l recovery.GroupLink) bool { return l.ID == id }); i >= 0 {
		return &all[i], nil
	}
	return nil, recovery.ErrNoLink
}

// lapse looks what has come of the places of a link that were held for too long, and
// changes l only. It returns the accounts of those of which nothing came.
func (e *Engine) lapse(ctx context.Context, l *recovery.GroupLink) (nothing []string, err error) {
	now := e.Now()
	for _, id := range l.Lapsed(now) {
		there, err := e.wasMade(ctx, id)
		if err != nil {
			return nil, err
		}
		if there {
			l.Use(id)
		} else {
			nothing = append(nothing, id)
		}
	}
	l.GiveBack(nothing, now)
	return nothing, nil
}

// wasMade tells whether there is an account of an id, or was.
func (e *Engine) wasMade(ctx context.Context, id string) (bool, error) {
	_, err := e.account(ctx, id)
	if errors.Is(err, recovery.ErrNoAccount) && !errors.Is(err, recovery.ErrGone) {
		return false, nil
	}
	return err == nil || errors.Is(err, recovery.ErrGone), ignoreGone(err)
}

func ignoreGone(err error) error {
	if errors.Is(err, recovery.ErrGone) {
		return nil
	}
	return err
}

// RevokeLink ends a link at once, and what was begun with it. It returns whom it has
// let in; with disable they are disabled. After an error it can be done again.
func (e *Engine) RevokeLink(ctx context.Context, by Authority, id, reason string, disable bool) (came []*recovery.Account, err error) {
	if reason, err = e.accountable(by, "", reason); err != nil {
		return nil, err
	}
	entry, err := e.findLink(ctx, id)
	if err != nil {
		return nil, err
	}
	now := e.Now()
	l, err := kv.Update(ctx, e.Store, entry.key(), entry.Ends.Add(recovery.PlaceHeld), func(l *recovery.GroupLink, exists bool) error {
		if !exists {
			return recovery.ErrNoLink
		}
		l.Revoked = now
		return nil
	})
	if err != nil {
		return nil, err
	}
	e.endInvitation(ctx, inviteKey(entry.key()), recovery.InviteRevoked)
	e.record(ctx, recovery.Event{Name: recovery.EventLinkRevoked, Detail: id + ": " + reason})
	for _, p := range l.Places {
		who, problem := e.cameBy(ctx, p)
		if who != nil && disable && who.State != recovery.StateDisabled {
			who, problem = e.Edit(ctx, by, who.ID, recovery.Edit{Do: recovery.ActionDisable}, reason)
		}
		if err = errors.Join(err, problem); who != nil {
			came = append(came, who)
		}
	}
	if err != nil {
		return came, err
	}
	return came, e.dropLink(ctx, entry)
}

// findLink finds the row of a link.
func (e *Engine) findLink(ctx context.Context, id string) (linkEntry, error) {
	list, _, err := kv.Load[[]linkEntry](ctx, e.Store, groupLinksKey)
	if err != nil {
		return linkEntry{}, err
	}
	if i := slices.IndexFunc(list, func(l linkEntry) bool { return l.ID == id }); i >= 0 {
		return list[i], nil
	}
	return linkEntry{}, recovery.ErrNoLink
}

// dropLink removes a link, the row last: whoever revokes after a crash finds it once
// more.
func (e *Engine) dropLink(ctx context.Context, entry linkEntry) error {
	if err := kv.Delete(ctx, e.Store, entry.key()); err != nil {
		return err
	}
	_, err := kv.Update(ctx, e.Store, groupLinksKey, time.Time{}, func(list *[]linkEntry, _ bool) error {
		*list = slices.DeleteFunc(*list, func(l linkEntry) bool { return l.ID == entry.ID })
		return nil
	})
	return err
}

// cameBy is the account that has come of a place; nil: none has, and none will. A
// place that is held may be about to become one: of it and this, one gets the id.
func (e *Engine) cameBy(ctx context.Context, p recovery.LinkPlace) (*recovery.Account, error) {
	if !p.Until.IsZero() {
		gone := recovery.Account{ID: p.Account, State: recovery.StateGone, Remnant: &recovery.Remnant{At: e.Now()}}
		if _, err := kv.Create(ctx, e.Store, recovery.AccountKey(p.Account), gone, e.Now().Add(2*recovery.PlaceHeld)); err != nil {
			return nil, err
		}
	}
	a, err := e.account(ctx, p.Account)
	if errors.Is(err, recovery.ErrNoAccount) {
		return nil, nil
	}
	return a, err
}

// swapLink changes a link that is there; [recovery.ErrMoved]: it is not.
func (e *Engine) swapLink(ctx context.Context, key string, change func(*recovery.GroupLink) error) error {
	until := e.Now().Add(recovery.PlaceHeld)
	if l, ok, err := kv.Load[recovery.GroupLink](ctx, e.Store, key); err != nil || !ok {
		return errors.Join(recovery.ErrMoved, err)
	} else if end := l.Ends.Add(recovery.PlaceHeld); end.After(until) {
		until = end
	}
	_, err := kv.Update(ctx, e.Store, key, until, func(l *recovery.GroupLink, exists bool) error {
		if !exists {
			return recovery.ErrMoved
		}
		return change(l)
	})
	return err
}
