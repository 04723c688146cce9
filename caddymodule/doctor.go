package caddymodule

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// doctor looks at everything that can be seen without sending anything, and
// changes nothing but rows of the roster that are not as their accounts are. What it cannot see is a
// line of its own.
func (o *operations) doctor(ctx context.Context) []check {
	done, err := o.senders()
	defer done()
	out := append([]check{o.caddyCheck(), o.storeCheck(ctx), o.ageCheck(ctx), o.clockCheck(ctx)}, fileChecks(o.app)...)
	out = append(out, o.flawChecks(ctx)...)
	people, accounts := o.accountChecks(ctx)
	out = slices.Concat(out, accounts, o.nameChecks(ctx), o.keyChecks(ctx, people), o.sizeChecks(ctx, people))
	if o.bare {
		return append(out, check{
			"config", levelWarning, "sites, ways and notifiers are not known", "say where it is with --config FILE, or start Caddy", nil,
		})
	}
	out = slices.Concat(out, o.groupChecks(people), o.siteChecks(), o.portalChecks(), o.openChecks(), o.proxyChecks(), o.visitorChecks(), o.homeChecks(), o.app.clearChecks(), o.passwordChecks(ctx))
	if err != nil {
		return append(out, check{"notify", levelFault, err.Error(), "run this with the environment and as the user Caddy has", nil})
	}
	return slices.Concat(out, o.policyChecks(), o.otherPolicies(ctx), o.rescueOnly(ctx, people), o.knownChecks(ctx, people), o.passkeyChecks(ctx, people), o.channelChecks(ctx))
}

// senders loads the notifiers of a Caddy that does not run.
func (o *operations) senders() (done func(), err error) {
	if o.queue != nil || o.bare {
		return func() {}, nil
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	return cancel, o.app.loadSenders(ctx)
}

func (o *operations) caddyCheck() check {
	if o.queue == nil {
		return check{"caddy", levelWarning, "not running: what became of messages is known only while it runs", "", nil}
	}
	return fine("caddy", "running")
}

func (o *operations) storeCheck(ctx context.Context) check {
	where := o.app.store.Place()
	if a, ok := o.app.store.(interface{ Address() string }); ok {
		where = a.Address()
	}
	begun := o.engine.Now()
	if err := checkStore(ctx, o.engine.Store, o.engine.Keys, o.app.store); err != nil {
		return check{"store", levelFault, where + ": " + err.Error(), "see that it runs, is whole, and has the key it was made with", nil}
	}
	return fine("store", "%s answers in %s, and the key fits", where, o.engine.Now().Sub(begun).Round(10*time.Microsecond))
}

// accountChecks counts people by the roster, which it also returns, and compares it
// with the accounts themselves: this is the one place that may scan.
func (o *operations) accountChecks(ctx context.Context) ([]engine.Person, []check) {
	open, err := o.engine.HasAccounts(ctx)
	if err != nil {
		return nil, []check{{"accounts", levelFault, "cannot be counted: " + err.Error(), "", nil}}
	}
	wrong, err := o.engine.RepairRoster(ctx)
	if err != nil {
		return nil, []check{{"roster", levelFault, "cannot be repaired: " + err.Error(), "", nil}}
	}
	people, err := o.engine.People(ctx)
	if err != nil {
		return nil, []check{{"accounts", levelFault, "cannot be listed: " + err.Error(), "", nil}}
	}
	out := []check{fine("accounts", "%s", census(people))}
	if wrong > 0 {
		out = append(out, fine("roster", "%d rows were missing, too old or doubled: repaired", wrong))
	}
	if !open {
		out[0].Level, out[0].Text = levelWarning, out[0].Text+"; set-up is open, and until it is done no request reaches the app"
		out[0].Remedy = "open the link that this prints: caddy sparekey setup-link"
	} else if !slices.ContainsFunc(people, activeAdmin) {
		out[0].Level, out[0].Text = levelWarning, out[0].Text+"; none of the administrators is active"
		out[0].Remedy = "let one back in with: caddy sparekey rescue USER"
	}
	keys, err := o.engine.Store.Driver.Keys(ctx, "account/")
	switch {
	case err != nil:
		out = append(out, check{"roster", levelFault, "the store cannot list its records: " + err.Error(), "", nil})
	case len(keys) != len(people):
		out = append(out, check{"roster", levelWarning, fmt.Sprintf("lists %d of %d accounts", len(people), len(keys)), "an account is listed again with its next change", nil})
	}
	return people, out
}

// rescueOnly lists the accounts that nobody but the operator could open, if a
// notice closed them now, or could open that are closed.
func (o *operations) rescueOnly(ctx context.Context, people []engine.Person) []check {
	var names []string
	for _, p := range people {
		if p.State != recovery.StateActive && p.State != recovery.StateFrozen {
			continue
		}
		a, err := o.engine.Person(ctx, p.ID)
		if err != nil {
			continue // said by the checks of the store
		}
		if ways, err := o.engine.Reopens(ctx, a, o.engine.Now()); err == nil && len(ways) == 0 {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	const shown = 10
	more := ""
	if over := len(names) - shown; over > 0 {
		names, more = names[:shown], fmt.Sprintf(" and %d more", over)
	}
	return []check{{
		"closing", levelWarning, "if a notice closed these accounts, only you could open them: " + strings.Join(names, ", ") + more,
		"have them make recovery codes, name a second administrator, or: caddy sparekey rescue USER", nil,
	}}
}

func activeAdmin(p engine.Person) bool { return p.Admin && p.State == recovery.StateActive }

// census is how many people there are, by state.
func census(people []engine.Person) string {
	states, admins := map[recovery.State]int{}, 0
	for _, p := range people {
		states[p.State]++
		if p.Admin {
			admins++
		}
	}
	text := fmt.Sprintf("%d in all, administrators: %d", len(people), admins)
	for _, s := range []recovery.State{recovery.StateInvited, recovery.StateFrozen, recovery.StateDisabled, recovery.StateLeaving} {
		if states[s] > 0 {
			text += fmt.Sprintf(", %s: %d", s, states[s])
		}
	}
	return text
}

// siteChecks judges the addresses that lead to the pages.
func (o *operations) siteChecks() []check {
	var out []check
	for _, origin := range o.app.sites.origins {
		if u, err := url.Parse(origin); err != nil || u.Scheme == "https" || web.Loopback(u.Hostname()) {
			continue
		}
		c := check{"sites", levelFault, origin + " is plain http beyond this machine: nobody is let in there", "serve it over https: write the site without http://", nil}
		if o.app.InsecureHTTP {
			c.Level, c.Text = levelWarning, origin+" is plain http: passwords cross the network in the clear"
			c.Remedy += ", and take insecure_http away"
		}
		out = append(out, c)
	}
	switch {
	case len(o.app.sites.origins) == 0:
		out = append(out, check{"sites", levelWarning, "no site with a host name has sparekey", "name the site by its host, or write url ADDRESS: links in messages lead there", nil})
	case out == nil && o.app.sites.unnamed && o.app.URL == "":
		out = append(out, check{
			"sites", levelWarning, strings.Join(o.app.sites.origins, ", ") + ", and hosts that no site names: mails asked for there have a code and no link",
			"name those hosts beside the wildcard, or write url ADDRESS", nil,
		})
	case out == nil && o.app.InsecureHTTP:
		out = append(out, check{"sites", levelWarning, "insecure_http is on, and no site needs it", "take it away", nil})
	case out == nil:
		out = append(out, fine("sites", "%s", strings.Join(o.app.sites.origins, ", ")))
	}
	return out
}

// visitorChecks tells when nobody can be told apart by address.
func (o *operations) visitorChecks() []check {
	shared := o.engine.SharedAddress()
	if shared == "" {
		return nil
	}
	return []check{{
		"visitors", levelWarning, "all visitors since the start share one address, " + shared + ": what stops one of them stops all",
		"name the proxy in front in trusted_proxies (global options, servers), or let the container see the addresses of its clients", nil,
	}}
}

// otherPolicies tells of another Caddy on the store that has another policy.
func (o *operations) otherPolicies(ctx context.Context) []check {
	d, err := o.engine.Differs(ctx)
	switch {
	case err != nil:
		return []check{{"policy", levelFault, "not known whether other Caddys have the same: " + err.Error(), "", nil}}
	case d == nil:
		return nil
	}
	return []check{{
		"policy", levelFault, fmt.Sprintf("another Caddy on this store has another one since %s (%s): which counts depends on which one answers",
			d.Since.UTC().Format(time.DateTime), strings.Join(d.Parts, ", ")),
		"give all of them the same configuration", nil,
	}}
}

// policyChecks is what the lint has to say. Notes are left out, but not those of
// accepted ways: explain has them.
func (o *operations) policyChecks() []check {
	var out []check
	for _, f := range lint.Judge(o.app.offeredTable()) {
		c := check{"ways", levelWarning, strings.TrimPrefix(strings.Join(f.Lines, ", ")+": "+f.Text, ": "), f.Advice(), nil}
		switch f.Severity {
		case lint.Error:
			c.Level = levelFault
		case lint.Warning:
		case lint.Note:
			if !f.Accepted() {
				continue
			}
			c.Remedy = "weak_ok accepts it; take that word away if it is not meant"
		}
		out = append(out, c)
	}
	if out == nil {
		out = append(out, fine("ways", "none is weaker than the login; what each is worth: caddy sparekey explain"))
	}
	return out
}
