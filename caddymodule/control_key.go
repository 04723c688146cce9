package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/caddymodule/routes"
	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// accessKey is what may be told of an access key.
type accessKey struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Hosts     []string  `json:"hosts"` // empty: every host
	Paths     []string  `json:"paths"` // empty: every path that takes keys
	Maker     string    `json:"made_by"`
	Created   time.Time `json:"created"`
	Expires   time.Time `json:"expires,omitzero"`   // zero: never
	Used      time.Time `json:"last_used,omitzero"` // the day; zero: never
	Suspended bool      `json:"suspended"`
}

// madeKey is an access key as it is shown once.
type madeKey struct {
	User string `json:"user"`
	Key  string `json:"key"`
	accessKey
	Strays []string `json:"hosts_not_here,omitempty"`
}

// personsKeys are all keys of somebody.
type personsKeys struct {
	User string      `json:"user"`
	Keys []accessKey `json:"keys"`
}

func (o *operations) keyAdd(ctx context.Context, args arguments) (*madeKey, error) {
	if args.Key == nil {
		return nil, errors.New("key-add without a key")
	}
	a, err := o.find(ctx, args.User)
	if err != nil {
		return nil, err
	}
	end, err := keyEnd(args.Key.Expires, o.engine.Now())
	if err != nil {
		return nil, err
	}
	want := recovery.AccessKey{Name: args.Key.Name, Hosts: args.Key.Hosts, Paths: args.Key.Paths, End: end}
	key, kept, err := o.engine.AddKey(o.told(ctx), a.ID, want)
	if err != nil {
		return nil, err
	}
	return &madeKey{User: a.Name, Key: key, accessKey: o.describe(ctx, kept), Strays: o.strays(kept.Hosts)}, nil
}

// strays are the hosts of a key that no site here has, by name and port.
func (o *operations) strays(hosts []string) []string {
	if o.bare || o.app == nil || len(o.app.sites.maps) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(hosts), o.app.serves)
}

// serves tells whether a site is at a host, as people type it without a scheme.
func (a *App) serves(host string) bool {
	for _, scheme := range []string{"http", "https"} {
		u := &url.URL{Scheme: scheme, Host: host}
		port := portOf(u)
		if behind, err := a.siteOf(origin(scheme, u.Hostname(), port)); err == nil && behind != nil {
			return true
		}
		number, _ := strconv.ParseUint(port, 10, 16)
		if slices.ContainsFunc(a.sites.maps, func(m routes.Map) bool {
			return m.Listens(uint(number)) && len(m.At(u.Hostname(), "/", http.MethodGet)) > 0
		}) {
			return true
		}
	}
	return false
}

// told adds where the pages are, for the link in what the person is told.
func (o *operations) told(ctx context.Context) context.Context {
	origin := o.origin()
	if origin == "" {
		return ctx
	}
	return engine.By(ctx, engine.Actor{Base: origin + web.Prefix})
}

func (o *operations) keyList(ctx context.Context, user string) (*personsKeys, error) {
	a, err := o.find(ctx, user)
	if err != nil {
		return nil, err
	}
	list := &personsKeys{User: a.Name, Keys: []accessKey{}}
	for _, k := range a.AccessKeys {
		list.Keys = append(list.Keys, o.describe(ctx, k))
	}
	return list, nil
}

func (o *operations) keyRevoke(ctx context.Context, args arguments) (*accessKey, error) {
	if args.Key == nil {
		return nil, errors.New("key-revoke without a key")
	}
	a, err := o.find(ctx, args.User)
	if err != nil {
		return nil, err
	}
	k, err := o.engine.RevokeKey(o.told(ctx), a.ID, args.Key.Name)
	if errors.Is(err, recovery.ErrNoKey) {
		return nil, fmt.Errorf("%w: %q: see which there are with: caddy sparekey key list %s", err, args.Key.Name, a.Name)
	}
	if err != nil {
		return nil, err
	}
	described := o.describe(ctx, k)
	return &described, nil
}

func (o *operations) describe(ctx context.Context, k recovery.AccessKey) accessKey {
	maker := "command line"
	if k.Maker != "" {
		maker = k.Maker
		if a, err := o.engine.Person(ctx, k.Maker); err == nil {
			maker = a.Name
		}
	}
	return accessKey{
		ID: k.ID, Name: k.Name, Hosts: append([]string{}, k.Hosts...), Paths: append([]string{}, k.Paths...), Maker: maker,
		Created: k.Created, Expires: k.End, Used: k.Used, Suspended: k.Suspended,
	}
}

// keyEnd reads when a key ends: a length of time, a day (which it lives through,
// by the clock of this machine), or never, which is the zero time. Empty is a year.
func keyEnd(text string, now time.Time) (time.Time, error) {
	switch text {
	case "":
		return now.Add(recovery.KeyLife), nil
	case "never":
		return time.Time{}, nil
	}
	end, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err == nil {
		end = end.AddDate(0, 0, 1)
	} else if life, bad := caddy.ParseDuration(text); bad == nil {
		end, err = now.Add(life), nil
	}
	if err != nil || !end.After(now) {
		return time.Time{}, fmt.Errorf("--expires %q: write 90d or 12h, a day to come such as 2030-01-31, or never", text)
	}
	return end, nil
}
