package web_test

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// attackState is a moment of an attack: the world as it was, and all that the
// attacker's browser has. The crawl goes on from it in any order.
type attackState struct {
	at               time.Time
	records          map[string][]byte
	messages         []recovery.Message
	cookies          map[string][]*http.Cookie // by origin
	page             parsedPage
	flows            []openFlow // begun in this browser, newest last
	newTOTPKey       string     // of an authenticator seen on the way
	newCodes         []string   // recovery codes seen on the way
	ticket           string     // of an administrator's case or a rescue
	ticketGeneration uint64     // generation of the account it was made for
	newPassword      string     // a password of the attacker's that counts now
	vouched          int
	seat             []*http.Cookie // of a browser of the owner's, where the attacker sits before it
	path             []string
}

// openFlow is a flow as its browser knows it: the page it stands at and what
// moved it there.
type openFlow struct {
	id, fingerprint string
	shown           []string
}

// crawlOutbox is the notifier of a crawl: it can be put back.
type crawlOutbox struct {
	mu   sync.Mutex
	sent []recovery.Message
}

// Queue implements [recovery.Notifier].
func (p *crawlOutbox) Queue(m recovery.Message) {
	p.mu.Lock()
	p.sent = append(p.sent, m)
	p.mu.Unlock()
	if m.Done != nil {
		m.Done(recovery.Delivered)
	}
}

// Has implements [recovery.Notifier].
func (*crawlOutbox) Has(channel string) bool {
	return channel == recovery.ChannelMail || channel == recovery.ChannelSMS
}

// crawler is an attacker with a browser who tries everything, from every page
// there is, until something gives. It knows pages and forms, no engine; only
// checkAccount and accountFingerprint look at the record.
type crawler struct {
	t       *testing.T
	inst    *installation
	row     crawlRow
	b       *recoverytest.Browser
	rng     *rand.Rand
	begin   time.Time
	seen    map[string]bool
	tried   map[string]bool // what is tried once from each kind of page
	queue   crawlQueue
	want    string // what ends the crawl in success; empty: nothing may give
	reached string // the story of how want was reached
	holes   []string

	requests, states int
	twoFlowMoves     int // moves made with two flows open
	pages, forms     map[string]int
	kinds            map[string]int
	choices, methods map[string]bool
}

// move is one thing to try in a state.
type move struct {
	name string
	rank int // lower first
	do   func(*crawler, *attackState)
}

type crawlTask struct {
	from *attackState
	move move
	nr   int
}

// crawlQueue is a heap of what is left to try.
type crawlQueue []crawlTask

func (q crawlQueue) Len() int      { return len(q) }
func (q crawlQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q crawlQueue) Less(i, j int) bool {
	if a, b := q[i].move.rank, q[j].move.rank; a != b {
		return a < b
	}
	return q[i].nr < q[j].nr
}
func (q *crawlQueue) Push(x any) { *q = append(*q, x.(crawlTask)) }
func (q *crawlQueue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

// run crawls from a state until everything has been tried, or what is wanted is
// there. Of what can be tried with two flows open, only so much.
func (c *crawler) run(from *attackState) {
	c.visit(from)
	for n := 0; c.queue.Len() > 0 && len(c.holes) == 0 && c.reached == "" && (c.row.maxMoves == 0 || n < c.row.maxMoves); n++ {
		x := c.queue[0]
		if x.move.rank >= rankSecond {
			if c.twoFlowMoves++; c.twoFlowMoves > c.row.twoFlowMoves {
				return // the rest are of that rank too
			}
		}
		heap.Pop(&c.queue)
		s := c.restore(x.from)
		s.path = append(s.path, x.move.name)
		x.move.do(c, s)
		if c.row.ownerMoves != nil {
			c.row.ownerMoves(c)
		}
		s.at = c.inst.world.Clock.Now()
		c.visit(s)
	}
}

// randomWalk makes n moves at random in one world, with every throttle and every
// half-done thing that comes of it.
func (c *crawler) randomWalk(s *attackState, n int) {
	for s = c.restore(s); n > 0 && len(c.holes) == 0 && c.reached == ""; n-- {
		c.tried = map[string]bool{}
		byRank := map[int][]move{}
		for _, m := range c.moves(s) {
			byRank[m.rank%rankSecond] = append(byRank[m.rank%rankSecond], m)
		}
		list := byRank[c.rng.IntN(rankSecond)]
		if len(list) == 0 || list[0].rank == rankTime && c.rng.IntN(4) > 0 {
			list = c.entryMoves(s)
		}
		m := list[c.rng.IntN(len(list))]
		s.path = append(s.path, m.name)
		m.do(c, s)
		if c.row.ownerMoves != nil {
			c.row.ownerMoves(c)
		}
		s.at = c.inst.world.Clock.Now()
	}
}

// visit takes a state in if nothing like it was met before.
func (c *crawler) visit(s *attackState) {
	if key := c.fingerprint(s); !c.seen[key] {
		c.seen[key] = true
		c.save(s)
		c.states++
		for _, m := range c.moves(s) {
			heap.Push(&c.queue, crawlTask{s, m, c.states})
		}
	}
}

// fingerprint is what makes two states the same: the page, the flows that are open
// and what was shown in them, and what became of the account.
func (c *crawler) fingerprint(s *attackState) string {
	parts := []string{c.progress(s), s.page.fingerprint(), c.signedInAt()}
	for _, f := range s.flows {
		parts = append(parts, f.fingerprint, strings.Join(f.shown, " "))
	}
	return strings.Join(parts, "\x00")
}

// progress is what has become of the account, and what the attacker got by it.
func (c *crawler) progress(s *attackState) string {
	return fmt.Sprint(c.inst.accountFingerprint(s.at), s.newPassword, s.vouched, s.ticket != "" && s.ticketGeneration == c.inst.account().Generation)
}

// noFlow tells that no flow is open.
func (s *attackState) noFlow() bool { return len(s.flows) == 0 }

// send posts a form. shown names the proofs in it.
func (c *crawler) send(s *attackState, path string, f url.Values, shown ...string) {
	hits := c.inst.world.Hits()
	c.b.Post(path, f)
	c.look(s, hits, shown)
	if k := f.Get("start"); k != "" && s.page.flow != "" {
		c.kinds[k]++
	}
}

// open follows a link.
func (c *crawler) open(s *attackState, path string) {
	hits := c.inst.world.Hits()
	c.b.Get(path)
	c.look(s, hits, nil)
}

// look takes an answer in and checks the account.
func (c *crawler) look(s *attackState, hits int, shown []string) {
	c.requests++
	s.at, s.page = c.inst.world.Clock.Now(), parsePage(c.b)
	c.pages[s.page.name]++
	for _, f := range s.page.forms {
		c.forms[parsedPage{forms: []parsedForm{f}}.fingerprint()]++
		for _, x := range f.buttons {
			switch {
			case x.name == "choice":
				c.choices[x.value] = true
			case x.name == "method":
				c.methods[x.value] = true
			}
		}
	}
	if c.b.Status >= 500 {
		c.addHole(s, fmt.Sprintf("status %d", c.b.Status))
	}
	s.trackFlow(shown)
	if s.page.secret != "" {
		s.newTOTPKey = s.page.secret
	}
	if len(s.page.codes) > 0 {
		s.newCodes = s.page.codes
	}
	s.messages = slices.Clip(c.inst.outbox.sent)
	c.checkAccount(s, c.inst.world.Hits() > hits)
}

// trackFlow keeps track of where the flows of the browser stand; two at a time.
func (s *attackState) trackFlow(shown []string) {
	if s.page.flow == "" {
		return
	}
	f := openFlow{id: s.page.flow, fingerprint: s.page.fingerprint()}
	if i := slices.IndexFunc(s.flows, func(x openFlow) bool { return x.id == f.id }); i >= 0 {
		f.shown = slices.Clone(s.flows[i].shown)
		if s.flows[i].fingerprint != f.fingerprint {
			f.shown = append(f.shown, shown...)
		}
		s.flows = slices.Delete(slices.Clone(s.flows), i, i+1)
	}
	if s.page.name == recovery.PageRefused && len(s.page.forms) == 0 {
		return // over
	}
	slices.Sort(f.shown)
	f.shown = slices.Compact(f.shown)
	s.flows = append(slices.Clip(s.flows), f)
	if over := len(s.flows) - 2; over > 0 {
		s.flows = s.flows[over:]
	}
}

// checkAccount compares the account with what it was.
func (c *crawler) checkAccount(s *attackState, app bool) {
	took := c.inst.taken()
	if app && !c.mayOpen() && !slices.Contains(took, "session") {
		took = append(took, "session")
	}
	if len(took) == 0 {
		return
	}
	if slices.Contains(took, "password") {
		s.newPassword = evilPassword
	}
	story := fmt.Sprintf("%s by %s", strings.Join(took, " and "), strings.Join(s.path, " → "))
	switch {
	case c.want == "":
		c.addHole(s, story)
	case !slices.ContainsFunc(strings.Split(c.want, " and "), func(w string) bool { return !slices.Contains(took, w) }):
		c.reached = story
	}
}

func (c *crawler) addHole(s *attackState, what string) {
	c.holes = append(c.holes, what+": "+strings.Join(s.path, " → "))
}

// save writes down what a state is.
func (c *crawler) save(s *attackState) {
	s.at, s.records, s.cookies = c.inst.world.Clock.Now(), c.inst.driver.Moment(), map[string][]*http.Cookie{}
	for _, u := range c.origins() {
		s.cookies[u.String()] = c.b.Client.Jar.Cookies(u)
	}
	s.messages = slices.Clip(c.inst.outbox.sent)
}

// restore puts the world and the browser as they were in a state, and returns a
// copy of it to go on with.
func (c *crawler) restore(s *attackState) *attackState {
	c.inst.restore(s)
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, u := range c.origins() {
		jar.SetCookies(u, s.cookies[u.String()])
	}
	c.b.Client.Jar = jar
	out := *s
	out.path, out.flows = slices.Clip(s.path), slices.Clone(s.flows)
	return &out
}

// origins are those of the pages, and with a portal those of the hosts behind it.
func (c *crawler) origins() []*url.URL {
	var out []*url.URL
	for _, origin := range append([]string{c.b.Base}, c.row.hosts...) {
		u, err := url.Parse(origin)
		if err != nil {
			c.t.Fatal(err)
		}
		out = append(out, u)
	}
	return out
}

// restore puts store, clock and messages as they were.
func (inst *installation) restore(s *attackState) {
	inst.driver.Restore(s.records)
	inst.world.Clock.Move(s.at.Sub(inst.world.Clock.Now()))
	inst.outbox.mu.Lock()
	defer inst.outbox.mu.Unlock()
	inst.outbox.sent = slices.Clip(s.messages)
}
