package web_test

import (
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// What the attacker brings.
const (
	evilPassword = "mallory was here for years"
	evilMail     = "mallory@example.net"
	evilPhone    = "+41790000000"
)

// Ranks: what a person would do comes first, what only a program would last.
const (
	rankForms = iota
	rankLinks
	rankEntries
	rankTime
	rankWrong
	rankCross
	rankSecond // all of it again with a second flow open
)

// crawlEntries are all addresses, and some with what a link of theirs has behind it.
func crawlEntries() []string {
	list := []string{
		"login?return=/album", "recover?choice=unlock", "stop?t=x", "account/factors", "enter?t=x", "prove?why=factor", "verify", "verify/nginx", "healthz",
		"invites?do=x", "people/x", "static/sparekey.css",
	}
	return append(web.Addresses(), list...)
}

// crawlKinds are the kinds of flows there are, and some there are not.
func crawlKinds() []string {
	list := []string{"remove_factor", "export", ""}
	for _, r := range recovery.Recipes() {
		list = append(list, string(r.Kind))
	}
	return list
}

// moves lists all there is to try in a state.
func (c *crawler) moves(s *attackState) []move {
	var out []move
	for _, f := range s.page.forms {
		out = append(out, c.formMoves(s, f)...)
	}
	for _, link := range s.page.links {
		if !strings.Contains(link, "lang=") { // the same page in another language
			out = append(out, move{"link " + link, rankLinks, func(c *crawler, s *attackState) { c.open(s, link) }})
		}
	}
	out = append(out, c.messageMoves(s)...)
	out = append(out, c.contactMoves(s)...)
	out = append(out, c.deviceMoves(s)...)
	progress := c.progress(s)
	if s.noFlow() && c.firstTime("entries "+progress) {
		out = append(out, c.entryMoves(s)...)
	}
	if c.firstTime("time " + progress) {
		out = append(out, c.waitMoves(s)...)
		out = append(out, move{"takes another browser", rankTime, func(c *crawler, s *attackState) {
			c.newBrowser(s)
			c.open(s, "/")
		}})
	}
	if !s.noFlow() && c.firstTime("cross "+s.flows[len(s.flows)-1].fingerprint) {
		out = append(out, c.crossPostMoves(s)...)
	}
	if len(s.flows) > 1 {
		for i := range out {
			out[i].rank += rankSecond
		}
	}
	return out
}

// newBrowser makes the browser a new one.
func (c *crawler) newBrowser(s *attackState) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	c.b.Client.Jar, s.flows = jar, nil
}

// firstTime tells whether something is met for the first time.
func (c *crawler) firstTime(what string) bool {
	if c.tried[what] {
		return false
	}
	c.tried[what] = true
	return true
}

// formMoves are the ways to fill a form in: all it holds with the best there is,
// each field with each other value, and nothing at all.
func (c *crawler) formMoves(s *attackState, f parsedForm) []move {
	buttons := f.buttons
	if len(buttons) == 0 {
		buttons = []parsedField{{}}
	}
	var out []move
	for _, button := range buttons {
		best := map[string]value{}
		var others []map[string]value
		for _, x := range f.fields {
			for i, v := range c.values(s, x) {
				if i == 0 {
					best[x.name] = v
					continue
				}
				others = append(others, map[string]value{x.name: v})
			}
		}
		out = append(out, formMove(f, button, best, nil))
		for _, change := range others {
			out = append(out, formMove(f, button, best, change))
		}
		if len(f.fields) > 0 {
			out = append(out, formMove(f, button, nil, nil))
		}
	}
	return out
}

func formMove(f parsedForm, button parsedField, best, change map[string]value) move {
	values := map[string]value{}
	for name, v := range best {
		values[name] = v
		if other, ok := change[name]; ok {
			values[name] = other
		}
	}
	m := move{name: "send", rank: rankForms}
	var shown []string
	for _, x := range f.fields {
		v, filled := values[x.name]
		if !filled {
			m.rank = rankWrong
			continue
		}
		m.name += " " + x.name + "=" + v.label
		switch {
		case !v.proof:
			m.rank = rankWrong
		case v.source != "":
			shown = append(shown, v.source)
		}
	}
	if button.name != "" {
		m.name += " [" + button.name + "=" + button.value + "]"
		if button.name == "choice" {
			shown = append(shown, button.value)
		}
	}
	m.do = func(c *crawler, s *attackState) {
		fields := url.Values{}
		for name, v := range f.hidden {
			fields[name] = slices.Clone(v)
		}
		for _, x := range f.fields {
			fields.Set(x.name, "")
			if v, ok := values[x.name]; ok {
				fields.Set(x.name, v.text(c, s))
			}
		}
		if button.name != "" {
			fields.Set(button.name, button.value)
		}
		c.send(s, f.action, fields, shown...)
	}
	return m
}

// messageMoves open what was sent to an address the attacker reads, in this browser
// and in another one.
func (c *crawler) messageMoves(s *attackState) []move {
	var out []move
	for _, m := range c.readable(s) {
		if stop := m.Vars["stop"]; stop != "" && c.firstTime("stop "+c.progress(s)+m.Template) {
			_, secret, _ := strings.Cut(stop, "#")
			out = append(out, move{"opens stop of " + m.Template, rankLinks, func(c *crawler, s *attackState) {
				c.send(s, "/.sparekey/stop", recoverytest.Fields("code", secret, "choice", "look"))
			}})
		}
		page, token, ok := strings.Cut(m.Vars["link"], "#")
		if ok && c.firstTime("link "+c.progress(s)+m.Template+s.page.fingerprint()) {
			out = append(out, move{"opens link of " + m.Template, rankLinks, func(c *crawler, s *attackState) { c.open(s, page) }})
			out = append(out, move{"in another browser " + m.Template, rankCross, func(c *crawler, s *attackState) {
				c.newBrowser(s)
				c.send(s, "/.sparekey/", recoverytest.Fields("code", token))
				id, _, _ := strings.Cut(token, ".")
				c.send(s, "/.sparekey/", recoverytest.Fields("flow", id, "code", token, "new_password", evilPassword))
			}})
		}
	}
	return out
}

// entryMoves are all the ways to begin: addresses, and every kind of flow.
func (c *crawler) entryMoves(s *attackState) []move {
	out := []move{{"opens /", rankEntries, func(c *crawler, s *attackState) { c.open(s, "/") }}}
	for _, path := range crawlEntries() {
		out = append(out, move{"opens " + path, rankEntries, func(c *crawler, s *attackState) { c.open(s, "/.sparekey/"+path) }})
	}
	for _, choice := range []string{"", "everywhere"} {
		out = append(out, move{"signs out " + choice, rankEntries, func(c *crawler, s *attackState) {
			c.send(s, "/.sparekey/logout", recoverytest.Fields("choice", choice))
		}})
	}
	var withCodes []move
	for _, kind := range crawlKinds() {
		out = append(out, move{"starts " + kind, rankEntries, func(c *crawler, s *attackState) {
			c.send(s, "/.sparekey/", recoverytest.Fields("start", kind, "name", "alice"))
		}})
		for _, code := range c.codeValues(s) {
			withCodes = append(withCodes, move{"starts " + kind + " with " + code.label, rankCross, func(c *crawler, s *attackState) {
				f := c.fillAll(s, code)
				f.Set("start", kind)
				c.send(s, "/.sparekey/", f, code.source)
			}})
		}
	}
	return append(append(out, c.hostMoves()...), c.sample(withCodes)...)
}

// sample is some of the moves: not every stray post is tried everywhere.
func (c *crawler) sample(moves []move) []move {
	c.rng.Shuffle(len(moves), func(i, j int) { moves[i], moves[j] = moves[j], moves[i] })
	return moves[:min(len(moves), c.row.strayPosts)]
}

// waitMoves let time pass where it could matter: with no flow open.
func (c *crawler) waitMoves(s *attackState) []move {
	var out []move
	for _, d := range []time.Duration{time.Minute, 25 * time.Hour, 73 * time.Hour} {
		if limit := c.row.within; limit > 0 && s.at.Add(d).Sub(c.begin) > limit {
			d = limit - s.at.Sub(c.begin)
		}
		if d <= 0 {
			continue
		}
		out = append(out, move{"waits " + d.String(), rankTime, func(c *crawler, s *attackState) {
			c.inst.world.Clock.Move(d)
			if d > time.Hour {
				s.flows = nil // they live 15 minutes
			}
			if c.row.holdings.admin && d > time.Hour {
				s.ticket, s.ticketGeneration = c.inst.openCase(), c.inst.account().Generation
			}
			c.open(s, "/.sparekey/recover")
		}})
	}
	return out
}

// crossPostMoves send to a flow what none of its pages asked for.
func (c *crawler) crossPostMoves(s *attackState) []move {
	id := s.flows[len(s.flows)-1].id
	var out []move
	add := func(name string, fields ...string) {
		out = append(out, move{"cross-posts " + name, rankCross, func(c *crawler, s *attackState) {
			f := recoverytest.Fields(fields...)
			f.Set("flow", id)
			c.send(s, "/.sparekey/", f)
		}})
	}
	for _, kind := range crawlKinds() {
		add("start="+kind, "start", kind, "name", "alice", "new_password", evilPassword)
	}
	for _, x := range sortedKeys(c.choices, "password", "second_factor", "both", "saved", "wait", "approve", "everywhere", "stop_wait") {
		add("choice="+x, "choice", x)
	}
	for _, x := range sortedKeys(c.methods, "password", "totp", "recovery_code", "mail_link", "mail_code", "sms_code", "contact", "admin", "rescue", "wait", "pin", "question") {
		add("method="+x, "method", x)
		add("method="+x+" and more", "method", x, "code", "000000", "new_password", evilPassword)
	}
	for _, path := range []string{"account", "logout", "people", "stop", "people/x"} {
		out = append(out, move{"cross-posts to " + path, rankCross, func(c *crawler, s *attackState) {
			c.send(s, "/.sparekey/"+path, recoverytest.Fields("flow", id, "choice", "everywhere", "code", "x"))
		}})
	}
	for _, code := range c.codeValues(s) {
		out = append(out, move{"cross-posts everything with " + code.label, rankCross, func(c *crawler, s *attackState) {
			f := c.fillAll(s, code)
			f.Set("flow", id)
			c.send(s, "/.sparekey/", f, code.source)
		}})
	}
	return c.sample(out)
}

// fillAll fills in all fields there are.
func (c *crawler) fillAll(s *attackState, code value) url.Values {
	f := url.Values{}
	for _, name := range []string{"name", "password", "new_password", "pin", "answer", "mail", "phone", "extension", "reason", "remember", "groups"} {
		if v := c.values(s, parsedField{name: name}); len(v) > 0 {
			f.Set(name, v[0].text(c, s))
		}
	}
	f.Set("code", code.text(c, s))
	return f
}

func sortedKeys(seen map[string]bool, more ...string) []string {
	out := slices.Clone(more)
	for x := range seen {
		out = append(out, x)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(x string) bool { return len(x) > 20 }) // longer ones are ids
}
