package web_test

import (
	"bytes"
	"container/heap"
	"fmt"
	"maps"
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

// spot is a moment of a crawl, to be gone on from in any order: the world as it
// was, and all that the attacker's browser has.
type spot struct {
	at      time.Time
	records map[string][]byte
	post    []recovery.Message
	cookies []*http.Cookie
	page    sheet
	flows   []openFlow // begun in this browser, newest last
	key     string     // of an authenticator seen on the way
	codes   []string   // recovery codes seen on the way
	ticket  string     // of an administrator's case or a rescue
	issued  uint64     // generation of the account it was made for
	next    string     // a password of the attacker's that counts now
	vouched int
	path    []string
}

// openFlow is a flow as its browser knows it: the page it stands at and what
// moved it there.
type openFlow struct {
	id, sign string
	shown    []string
}

// crawlPost is the notifier of a crawl: it can be put back.
type crawlPost struct {
	mu   sync.Mutex
	sent []recovery.Message
}

// Queue implements [recovery.Notifier].
func (p *crawlPost) Queue(m recovery.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, m)
}

// Has implements [recovery.Notifier].
func (*crawlPost) Has(channel string) bool {
	return channel == recovery.ChannelMail || channel == recovery.ChannelSMS
}

// crawler is an attacker with a browser who tries everything, from every page
// there is, until something gives. It knows pages and forms, no engine; only
// the judge (found, marks) looks at the record.
type crawler struct {
	t     *testing.T
	house *house
	row   crawlRow
	b     *recoverytest.Browser
	rng   *rand.Rand
	begin time.Time
	seen  map[string]bool
	asked map[string]bool // what is tried once from each kind of page
	queue crawlQueue
	want  string // what ends the crawl in success; empty: nothing may give
	reach string // the story of how want was reached
	holes []string

	requests, spots  int
	pairs            int // moves made with two flows open
	pages, signs     map[string]int
	kinds            map[string]int
	choices, methods map[string]bool
}

// move is one thing to try at a spot.
type move struct {
	name string
	rank int // lower first
	do   func(*crawler, *spot)
}

type crawlTask struct {
	from *spot
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

// run crawls from a spot until everything has been tried, or what is wanted is
// there. Of what can be tried with two flows open, only so much.
func (c *crawler) run(from *spot) {
	c.learn(from)
	for n := 0; c.queue.Len() > 0 && len(c.holes) == 0 && c.reach == "" && (c.row.most == 0 || n < c.row.most); n++ {
		x := c.queue[0]
		if x.move.rank >= rankSecond {
			if c.pairs++; c.pairs > c.row.pairs {
				return // the rest are of that rank too
			}
		}
		heap.Pop(&c.queue)
		s := c.back(x.from)
		s.path = append(s.path, x.move.name)
		x.move.do(c, s)
		if c.row.owner != nil {
			c.row.owner(c)
		}
		s.at = c.house.w.Clock.Now()
		c.learn(s)
	}
}

// stroll makes n moves at random in one world, with every throttle and every
// half-done thing that comes of it.
func (c *crawler) stroll(s *spot, n int) {
	for s = c.back(s); n > 0 && len(c.holes) == 0 && c.reach == ""; n-- {
		c.asked = map[string]bool{}
		byRank := map[int][]move{}
		for _, m := range c.moves(s) {
			byRank[m.rank%rankSecond] = append(byRank[m.rank%rankSecond], m)
		}
		list := byRank[c.rng.IntN(rankSecond)]
		if len(list) == 0 || list[0].rank == rankTime && c.rng.IntN(4) > 0 {
			list = c.entries(s)
		}
		m := list[c.rng.IntN(len(list))]
		s.path = append(s.path, m.name)
		m.do(c, s)
		if c.row.owner != nil {
			c.row.owner(c)
		}
		s.at = c.house.w.Clock.Now()
	}
}

// learn takes a spot in if nothing like it was met before.
func (c *crawler) learn(s *spot) {
	if key := c.likeness(s); !c.seen[key] {
		c.seen[key] = true
		c.keep(s)
		c.spots++
		for _, m := range c.moves(s) {
			heap.Push(&c.queue, crawlTask{s, m, c.spots})
		}
	}
}

// likeness is what makes two spots the same: the page, the flows that are open
// and what was shown in them, and what became of the account.
func (c *crawler) likeness(s *spot) string {
	parts := []string{c.mood(s), s.page.sign()}
	for _, f := range s.flows {
		parts = append(parts, f.sign, strings.Join(f.shown, " "))
	}
	return strings.Join(parts, "\x00")
}

// mood is what has become of the account, and what the attacker got by it.
func (c *crawler) mood(s *spot) string {
	return fmt.Sprint(c.house.marks(s.at), s.next, s.vouched, s.ticket != "" && s.issued == c.house.account().Generation)
}

// home tells that no flow is open.
func (s *spot) home() bool { return len(s.flows) == 0 }

// send posts a form. shown names the proofs in it.
func (c *crawler) send(s *spot, path string, f url.Values, shown ...string) {
	hits := c.house.w.Hits()
	c.b.Post(path, f)
	c.look(s, hits, shown)
	if k := f.Get("start"); k != "" && s.page.flow != "" {
		c.kinds[k]++
	}
}

// open follows a link.
func (c *crawler) open(s *spot, path string) {
	hits := c.house.w.Hits()
	c.b.Get(path)
	c.look(s, hits, nil)
}

// look takes an answer in and judges it.
func (c *crawler) look(s *spot, hits int, shown []string) {
	c.requests++
	s.at, s.page = c.house.w.Clock.Now(), readSheet(c.b)
	c.pages[s.page.name]++
	for _, f := range s.page.forms {
		c.signs[sheet{forms: []sheetForm{f}}.sign()]++
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
		c.fault(s, fmt.Sprintf("status %d", c.b.Status))
	}
	s.follow(shown)
	if s.page.secret != "" {
		s.key = s.page.secret
	}
	if len(s.page.codes) > 0 {
		s.codes = s.page.codes
	}
	s.post = slices.Clip(c.house.post.sent)
	c.judge(s, c.house.w.Hits() > hits)
}

// follow keeps track of where the flows of the browser stand; two at a time.
func (s *spot) follow(shown []string) {
	if s.page.flow == "" {
		return
	}
	f := openFlow{id: s.page.flow, sign: s.page.sign()}
	if i := slices.IndexFunc(s.flows, func(x openFlow) bool { return x.id == f.id }); i >= 0 {
		f.shown = slices.Clone(s.flows[i].shown)
		if s.flows[i].sign != f.sign {
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

// judge compares the account with what it was.
func (c *crawler) judge(s *spot, app bool) {
	took := c.house.taken()
	if app && !c.row.purse.session && !slices.Contains(took, "session") {
		took = append(took, "session")
	}
	if len(took) == 0 {
		return
	}
	if slices.Contains(took, "password") {
		s.next = evilPassword
	}
	story := fmt.Sprintf("%s by %s", strings.Join(took, " and "), strings.Join(s.path, " → "))
	switch {
	case c.want == "":
		c.fault(s, story)
	case !slices.ContainsFunc(strings.Split(c.want, " and "), func(w string) bool { return !slices.Contains(took, w) }):
		c.reach = story
	}
}

func (c *crawler) fault(s *spot, what string) {
	c.holes = append(c.holes, what+": "+strings.Join(s.path, " → "))
}

// keep writes down where a spot stands.
func (c *crawler) keep(s *spot) {
	u, err := url.Parse(c.b.Base)
	if err != nil {
		c.t.Fatal(err)
	}
	s.at, s.records, s.cookies = c.house.w.Clock.Now(), c.house.records(), c.b.Client.Jar.Cookies(u)
	s.post = slices.Clip(c.house.post.sent)
	for key, value := range s.records {
		if old := c.house.clean.records[key]; bytes.Equal(old, value) {
			s.records[key] = old // one copy for all spots
		}
	}
}

// back puts the world and the browser as they were at a spot, and returns a
// copy of it to go on with.
func (c *crawler) back(s *spot) *spot {
	c.house.back(s)
	u, err := url.Parse(c.b.Base)
	if err != nil {
		c.t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	jar.SetCookies(u, s.cookies)
	c.b.Client.Jar = jar
	out := *s
	out.path, out.flows = slices.Clip(s.path), slices.Clone(s.flows)
	return &out
}

// records copies the store.
func (h *house) records() map[string][]byte {
	ctx := h.t.Context()
	keys, err := h.driver.Keys(ctx, "")
	if err != nil {
		h.t.Fatal(err)
	}
	out := make(map[string][]byte, len(keys))
	for _, key := range keys {
		if out[key], err = h.driver.Get(ctx, key); err != nil {
			h.t.Fatal(err)
		}
	}
	return out
}

// back puts store, clock and messages as they were.
func (h *house) back(s *spot) {
	now := h.records()
	keys := slices.AppendSeq(slices.Collect(maps.Keys(now)), maps.Keys(s.records))
	for _, key := range keys {
		old, want := now[key], s.records[key]
		if bytes.Equal(old, want) {
			continue
		}
		if ok, err := h.driver.Swap(h.t.Context(), key, old, want, 0); !ok || err != nil {
			h.t.Fatalf("put %s back: got %v, %v", key, ok, err)
		}
		now[key] = want
	}
	h.w.Clock.Move(s.at.Sub(h.w.Clock.Now()))
	h.post.mu.Lock()
	defer h.post.mu.Unlock()
	h.post.sent = slices.Clip(s.post)
}
