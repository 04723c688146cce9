package web_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// mayOpen tells whether what the app has just shown is the attacker's to see.
func (c *crawler) mayOpen() bool {
	if c.row.opens == nil {
		return c.row.holdings.session
	}
	return c.row.opens(c.b.URL)
}

// signedInAt lists the hosts of which the browser has the cookie of a session.
func (c *crawler) signedInAt() string {
	var out []string
	for _, u := range c.origins()[1:] {
		for _, k := range c.b.Client.Jar.Cookies(u) {
			if k.Name == web.CookieName("sparekey", true, u.Host) {
				out = append(out, u.Host)
			}
		}
	}
	return strings.Join(out, " ")
}

// hostMoves are what can be asked of the hosts behind a portal. They come before
// all else: the app is what an attacker is after, and one request shows whether it
// opens.
func (c *crawler) hostMoves() []move {
	var out []move
	for _, host := range c.row.hosts {
		for _, path := range []string{
			"/", "/api/x", "/x", "/.sparekey/login?return=/x", "/.sparekey/account", "/.sparekey/enter?t=x", "/.sparekey/verify", "/.sparekey/",
		} {
			out = append(out, move{"opens " + host + path, rankForms, func(c *crawler, s *attackState) { c.open(s, host+path) }})
		}
		for _, page := range []string{"login", "prove", "waits"} {
			to := "/.sparekey/" + page + "?n=x&return=" + url.QueryEscape(host+"/x")
			out = append(out, move{"opens " + to, rankEntries, func(c *crawler, s *attackState) { c.open(s, to) }})
		}
		out = append(out, move{"signs out at " + host, rankCross, func(c *crawler, s *attackState) {
			c.send(s, host+"/.sparekey/logout", recoverytest.Fields("choice", "everywhere"))
		}})
		if c.row.ticket != "" {
			to := host + c.row.ticket
			out = append(out, move{"opens the ticket at " + host, rankForms, func(c *crawler, s *attackState) { c.open(s, to) }})
		}
	}
	return out
}

// portalInstallation has hosts behind a portal, where programs come in by keys and
// one factor is enough at home, and asks for a proof now and then.
func portalInstallation(t *testing.T, options ...recoverytest.Option) *installation {
	t.Helper()
	return newInstallation(t, accountShapes()[0], func(*engine.Engine) {}, append([]recoverytest.Option{
		recoverytest.WithPortal(portal, photos, album),
		func(w *recoverytest.World) {
			w.Rules = guard.Rules{
				Keys: []string{"/api/*"}, Fresh: 10 * time.Minute, Recovered: time.Hour,
				Networks: guard.Networks{Ranges: []netip.Prefix{netip.MustParsePrefix("192.168.1.0/24")}},
			}
		},
	}, options...)...)
}

// atHost has the cookie of one host alone.
func atHost(c *crawler, owner *recoverytest.Browser) {
	owner.Get(photos + "/")
	u, _ := url.Parse(photos)
	c.newBrowser(&attackState{})
	c.b.Client.Jar.SetCookies(u, owner.Client.Jar.Cookies(u))
}

// withTicket has read the address by which the owner's browser comes to a host.
func withTicket(c *crawler, owner *recoverytest.Browser) {
	u, _ := url.Parse(ticketFor(c.t, owner, photos))
	c.row.ticket = u.RequestURI()
}

// withKey has an access key.
func withKey(c *crawler, _ *recoverytest.Browser) {
	key, _, err := c.inst.world.Engine.AddKey(c.t.Context(), c.inst.ownerID, recovery.AccessKey{Name: "backup"})
	if err != nil {
		c.t.Fatal(err)
	}
	c.b.Header["Sparekey-Key"] = []string{key}
}

// halfway signs in with the password at home, and takes the session elsewhere.
func halfway(c *crawler, _ *recoverytest.Browser) {
	w := c.inst.world
	networks := &w.Rules.Networks.Ranges
	home := *networks
	*networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	c.b.Get("/.sparekey/login").Submit("name", "alice", "password", c.inst.owner.Password)
	c.b.Get(photos + "/")
	*networks = home
	if rows := c.inst.account().Sessions; !rows[len(rows)-1].Near {
		c.t.Fatal("want a session of one factor")
	}
}

func portalRows() map[string]crawlRow {
	nowhere := func(*url.URL) bool { return false }
	return map[string]crawlRow{
		"nothing":              {},
		"all but the factor":   {holds: []string{recovery.MailLink, recovery.Password}, within: waitless},
		"the cookie of a host": {prepare: atHost, opens: func(u *url.URL) bool { return u.Host == "photos.example.com" }},
		"a ticket":             {prepare: withTicket},
		"an access key":        {prepare: withKey, opens: func(u *url.URL) bool { return strings.HasPrefix(u.Path, "/api/") }},
		"one factor of two":    {prepare: halfway, holds: []string{recovery.Password}, opens: nowhere},
	}
}

// claims is what the attacker says with each request.
func (c *crawler) claims() {
	c.b.Header["X-Forwarded-For"], c.b.Header["X-Real-Ip"] = []string{atHome}, []string{atHome}
	c.b.Header["Remote-User"], c.b.Header["Remote-Groups"] = []string{"alice"}, []string{recovery.GroupAdmins}
}

// TestCrawlAtAPortal lets the same program loose on a portal and the hosts behind
// it. Who has the cookie of one host, a ticket that somebody else was given, an
// access key or a session of one factor gets what that is for, and nothing more.
func TestCrawlAtAPortal(t *testing.T) {
	recoverytest.SlowAlone(t)
	for name, row := range portalRows() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inst := portalInstallation(t)
			row.hosts, row.strayPosts, row.randomMoves, row.maxMoves = []string{photos, album}, 4, 40, 1200
			c := inst.crawl(t, row)
			t.Log(c)
			for _, hole := range c.holes {
				t.Error(hole)
			}
			met := c.met()
			for _, page := range []string{"sign-in", "refused", "recover", "signed-out"} {
				if !met[page] {
					t.Errorf("never met page %s: the crawl is blind", page)
				}
			}
		})
	}
}

// TestCrawlAtAPortalSeesMutants: a crawl that finds none of these would prove
// nothing. In some the attacker has more than the row says.
func TestCrawlAtAPortalSeesMutants(t *testing.T) {
	recoverytest.SlowAlone(t)
	rows := portalRows()
	for name, tc := range map[string]struct {
		row    string
		mutate func(c *crawler, owner *recoverytest.Browser)
	}{
		"anybody may say where a client is": {"one factor of two", func(c *crawler, _ *recoverytest.Browser) {
			c.inst.world.Web.Peer = func(*http.Request) bool { return true }
		}},
		"keys are taken everywhere": {"an access key", func(c *crawler, _ *recoverytest.Browser) { c.inst.world.Rules.Keys = []string{"/*"} }},
		"the portal's cookie goes with that of a host": {"the cookie of a host", func(c *crawler, owner *recoverytest.Browser) {
			u, _ := url.Parse(portal)
			c.b.Client.Jar.SetCookies(u, owner.Client.Jar.Cookies(u))
		}},
		"a ticket is for any browser": {"a ticket", func(c *crawler, owner *recoverytest.Browser) {
			u, _ := url.Parse(photos)
			c.b.Client.Jar.SetCookies(u, owner.Client.Jar.Cookies(u))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row := rows[tc.row]
			row.hosts, row.maxMoves = []string{photos, album}, 1200
			row.prepare = func(c *crawler, owner *recoverytest.Browser) {
				rows[tc.row].prepare(c, owner)
				tc.mutate(c, owner)
			}
			if c := portalInstallation(t).crawl(t, row); len(c.holes) == 0 {
				t.Errorf("got nothing in %v, want it found", c)
			}
		})
	}
}
