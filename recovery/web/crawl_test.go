package web_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// crawlRow is one attack.
type crawlRow struct {
	holds      []string      // names of proofs, and "wait": the time a way asks for
	want       string        // what must be reached; empty: nothing may be
	within     time.Duration // how much time the attacker has; zero: as much as it takes
	ownerMoves func(*crawler)

	// With a portal.
	hosts   []string                              // behind it
	opens   func(*url.URL) bool                   // what of the app is the attacker's to see; nil: all with a session, else nothing
	ticket  string                                // address of a hand-off, without its host
	prepare func(*crawler, *recoverytest.Browser) // has the owner's browser signed in at hosts, and gives of it what the attacker holds

	holdings     holdings
	strayPosts   int // posts to each kind of page that it did not ask for
	twoFlowMoves int // moves with two flows open
	maxMoves     int // moves in all; zero: no limit
	randomMoves  int // moves made at random in a world that is never put back
}

func (r crawlRow) String() string {
	name := strings.Join(r.holds, " + ")
	if name == "" {
		name = "nothing"
	}
	switch {
	case r.ownerMoves != nil:
		name += ", the owner signs in"
	case r.within > 0:
		name += fmt.Sprintf(", within %s", r.within)
	}
	return name
}

// waitless is shorter than any wait of the default policy.
const waitless = recovery.MinWait - time.Hour

// has tells whether the account of a shape can show a proof.
func (s accountShape) has(proof string) bool {
	switch proof {
	case recovery.Factor:
		return s.factor
	case recovery.SMSCode:
		return s.phone
	case recovery.VouchedBy + "*2":
		return s.contacts
	case recovery.PIN, recovery.SecurityQuestion:
		return s.memory
	}
	return true
}

// ways lists what is enough on an account of a shape, as the policy writes it
// and the operator adds to it.
func (s accountShape) ways(p *recovery.Policy) map[recovery.Goal][][]string {
	out := map[recovery.Goal][][]string{}
	for g, ways := range p.Ways {
		for _, w := range ways {
			if g == recovery.GoalPassword && w.WithoutFactor == s.factor || g != recovery.GoalPassword && !s.factor {
				continue
			}
			holds := slices.Clone(w.Proofs)
			if s.memory {
				holds = append(holds, recovery.SecurityQuestion)
			}
			if w.Wait > 0 {
				holds = append(holds, "wait")
			}
			out[g] = append(out[g], holds)
		}
	}
	return out
}

// walkable tells whether there is an account of the shape that can walk a way:
// a wait needs somewhere to be told that is no proof in it.
func (s accountShape) walkable(way []string) bool {
	heard := !slices.Contains(way, recovery.MailLink) || s.phone && !slices.Contains(way, recovery.SMSCode)
	return !slices.ContainsFunc(way, func(x string) bool { return !s.has(x) }) && (!slices.Contains(way, "wait") || heard)
}

// enough tells whether somebody who holds these has a whole way, or signs in.
func (s accountShape) enough(p *recovery.Policy, holds []string) bool {
	all := [][]string{{recovery.Password, recovery.Factor}, {recovery.Password, recovery.RecoveryCode}}
	if !s.factor {
		all = [][]string{{recovery.Password, recovery.MailLink}}
	}
	for _, ways := range s.ways(p) {
		all = append(all, ways...)
	}
	return slices.ContainsFunc(all, func(way []string) bool {
		return s.walkable(way) && !slices.ContainsFunc(way, func(x string) bool { return !slices.Contains(holds, x) })
	})
}

// attacks makes the rows of a shape: for each way of each goal everything but
// one, the mailbox alone, nothing at all, and a browser that is signed in.
func (s accountShape) attacks(p *recovery.Policy) []crawlRow {
	rows := map[string]crawlRow{}
	add := func(holds ...string) {
		holds = slices.DeleteFunc(slices.Clone(holds), func(x string) bool { return !s.has(x) || x == "wait" })
		slices.Sort(holds)
		if s.enough(p, holds) {
			return // what is left happens to be another way
		}
		row := crawlRow{holds: holds}
		if s.factor && s.memory && slices.Contains(holds, recovery.SecurityQuestion) {
			return // but for the question these are the rows of another shape
		}
		if slices.Contains(holds, recovery.Admin) {
			row.maxMoves = 3000 // cases are opened again and again
		}
		if s.enough(p, append(slices.Clone(holds), "wait")) {
			row.within = waitless
			stopped := row
			stopped.within, stopped.ownerMoves = 0, ownerSignsIn
			rows[stopped.String()] = stopped
		}
		rows[row.String()] = row
	}
	for _, ways := range s.ways(p) {
		for _, way := range ways {
			for i, x := range way {
				rest := slices.Delete(slices.Clone(way), i, i+1)
				add(rest...)
				if x == recovery.VouchedBy+"*2" && s.has(x) {
					add(append(rest, recovery.VouchedBy+"*1")...)
				}
			}
			if !s.walkable(way) {
				add(way...)
			}
		}
	}
	add()
	add("session")
	if s.factor {
		add(recovery.MailLink)
		add("session", recovery.Password, recovery.PIN)
	} else {
		add(recovery.Password)
	}
	return slices.SortedFunc(maps.Values(rows), func(a, b crawlRow) int { return strings.Compare(a.String(), b.String()) })
}

// reaches lists pages a crawl must have met, or it has shown nothing.
func (r crawlRow) reaches(s accountShape) []string {
	out := []string{"sign-in", "recover", "sent", "confirm", "refused", "signed-out"}
	has := func(x string) bool { return slices.Contains(r.holds, x) }
	if s.factor && (has(recovery.MailLink) || has(recovery.RecoveryCode)) && (!s.memory || has(recovery.SecurityQuestion)) {
		out = append(out, "choice")
	}
	if has(recovery.Password) || has(recovery.MailLink) || has(recovery.RecoveryCode) {
		out = append(out, "factor")
	}
	if r.within > 0 || r.ownerMoves != nil {
		out = append(out, "wait", "stop")
	}
	if has("session") {
		out = append(out, "account")
	}
	return out
}

// crawl runs one row.
func (inst *installation) crawl(t *testing.T, row crawlRow) *crawler {
	t.Helper()
	row.holdings = inst.attacker(row.holds)
	c := &crawler{
		t: t, inst: inst, row: row, want: row.want,
		rng:  rand.New(rand.NewPCG(3, uint64(len(row.String())))), //nolint:gosec // the same crawl every time
		seen: map[string]bool{}, tried: map[string]bool{}, pages: map[string]int{}, forms: map[string]int{}, kinds: map[string]int{},
		choices: map[string]bool{}, methods: map[string]bool{},
	}
	inst.restore(inst.begin)
	c.b = inst.world.Browser()
	begin := &attackState{}
	if row.holdings.session {
		c.b.Client.Jar = inst.signIn().Client.Jar
	}
	if row.holdings.device {
		u, _ := url.Parse(c.b.Base)
		begin.seat = inst.seat().Client.Jar.Cookies(u)
	}
	if row.holdings.admin {
		begin.ticket, begin.ticketGeneration = inst.openCase(), inst.account().Generation
	}
	if row.holdings.rescue {
		token, err := inst.world.Engine.RescueLink(t.Context(), "alice")
		if err != nil {
			t.Fatal(err)
		}
		begin.ticket, begin.ticketGeneration = token, inst.account().Generation
	}
	if row.prepare != nil {
		row.prepare(c, inst.signIn())
	}
	if len(row.hosts) > 0 {
		c.claims()
	}
	inst.setBaseline()
	c.begin = inst.world.Clock.Now()
	c.open(begin, "/")
	c.run(begin)
	c.randomWalk(begin, row.randomMoves)
	return c
}

// String is what a crawl has seen.
func (c *crawler) String() string {
	one, two := c.untried()
	return fmt.Sprintf("%d requests, %d states, %d pages, %d forms, %d kinds of flows begun; not tried: %d moves with one flow open, %d with two: %s",
		c.requests, c.states, len(c.pages), len(c.forms), len(c.kinds), one, two, strings.Join(slices.Sorted(maps.Keys(c.pages)), " "))
}

// untried counts the moves that were left, by how many flows were open.
func (c *crawler) untried() (one, two int) {
	for _, x := range c.queue {
		if x.move.rank < rankSecond {
			one++
		} else {
			two++
		}
	}
	return one, two
}

// TestCrawlWithEveryProofButOne lets a program loose on real HTTP that knows
// pages and forms and no engine, and holds all but one of the proofs of a way.
// Whatever it sends, it gets no session, and password, factor, codes, addresses
// and generation stay what they are.
func TestCrawlWithEveryProofButOne(t *testing.T) {
	t.Parallel()
	recoverytest.Slow(t)
	var mu sync.Mutex
	met, total, rows := map[string]bool{}, 0, 0
	t.Run("on", func(t *testing.T) {
		for i, shape := range accountShapes() {
			if recoverytest.UnderRace(t) && i > 0 {
				break
			}
			t.Run(shape.name, func(t *testing.T) {
				t.Parallel()
				inst := newInstallation(t, shape, nil)
				for i, row := range shape.attacks(inst.world.Policy) {
					if recoverytest.UnderRace(t) && i%4 > 0 {
						continue
					}
					t.Run(row.String(), func(t *testing.T) {
						c := inst.attack(t, row)
						mu.Lock()
						defer mu.Unlock()
						total += c.requests
						rows++
						maps.Copy(met, c.met())
					})
				}
			})
		}
	})
	want := []string{"sign-in", "factor", "recover", "sent", "confirm"}
	if !recoverytest.UnderRace(t) {
		want = append(want, "choice", "refused", "signed-out", "wait", "stop", "account", "slow-down", "setup")
	}
	for _, page := range want {
		if !met[page] {
			t.Errorf("no row met page %s: the crawl is blind", page)
		}
	}
	t.Logf("%d rows, %d requests, pages: %s", rows, total, strings.Join(slices.Sorted(maps.Keys(met)), " "))
}

// attack runs a row in which nothing may give.
func (inst *installation) attack(t *testing.T, row crawlRow) *crawler {
	t.Helper()
	row.strayPosts, row.twoFlowMoves, row.randomMoves = 12, 80, 60
	switch {
	case recoverytest.UnderRace(t):
		row.maxMoves = 300
	case inst.shape.factor && row.String() == recovery.MailLink:
		row.twoFlowMoves = 1 << 20 // mailbox access alone: everything there is
	}
	c := inst.crawl(t, row)
	t.Log(c)
	for _, hole := range c.holes {
		t.Error(hole)
	}
	if one, _ := c.untried(); one > 0 && row.maxMoves == 0 {
		t.Errorf("got %d moves not tried with one flow open, want none", one)
	}
	if !row.holdings.session && inst.world.SignedIn(c.b) {
		t.Error("the attacker's browser reaches the app")
	}
	met := c.met()
	if recoverytest.UnderRace(t) {
		return c
	}
	for _, page := range row.reaches(inst.shape) {
		if !met[page] {
			t.Errorf("never met page %s: the crawl is blind", page)
		}
	}
	return c
}

// met are the pages a crawl has seen.
func (c *crawler) met() map[string]bool {
	out := map[string]bool{}
	for page := range c.pages {
		out[page] = true
	}
	return out
}

// TestCrawlWithEveryProof is the same program with whole ways: it must get what
// each way gives, or the rows without one proof could not fail.
func TestCrawlWithEveryProof(t *testing.T) {
	t.Parallel()
	recoverytest.Slow(t)
	gives := map[recovery.Goal]string{
		recovery.GoalPassword: "password", recovery.GoalSecondFactor: "second factor", recovery.GoalBoth: "password and second factor",
	}
	for i, shape := range accountShapes() {
		if recoverytest.UnderRace(t) && i > 0 {
			break
		}
		inst := newInstallation(t, shape, nil)
		rows := []crawlRow{{holds: []string{recovery.MailLink, recovery.Password, recovery.Factor}, want: "session"}}
		for goal, ways := range shape.ways(inst.world.Policy) {
			for _, way := range ways {
				if shape.walkable(way) {
					rows = append(rows, crawlRow{holds: way, want: gives[goal]})
				}
			}
		}
		slices.SortFunc(rows, func(a, b crawlRow) int { return strings.Compare(a.want+a.String(), b.want+b.String()) })
		if recoverytest.UnderRace(t) {
			rows = rows[1:4]
		}
		for _, row := range rows {
			t.Run(shape.name+"/"+row.want+" by "+row.String(), func(t *testing.T) {
				row.strayPosts = 4
				if c := inst.crawl(t, row); c.reached == "" {
					t.Errorf("got %v\nwant it to reach: %s\n%v", c, row.want, c.holes)
				} else {
					t.Logf("%d requests: %s", c.requests, c.reached)
				}
			})
		}
	}
}
