package web_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// policyReload is somebody half-way through when the policy changes: two nodes on
// one store stand for before and after.
type policyReload struct {
	t     *testing.T
	w, n  *recoverytest.World // before, after
	b     *recoverytest.Browser
	alice *recoverytest.Person
	first *recovery.Account
}

// reload changes the policy. channels are what can still be sent; nil: all.
func (r *policyReload) reload(edit func(*recovery.Policy), channels []string) {
	p := *r.w.Policy
	p.Ways = map[recovery.Goal][]recovery.Way{}
	for g, ways := range r.w.Policy.Ways {
		p.Ways[g] = slices.Clone(ways)
	}
	p.Ask = map[string][]recovery.Kind{}
	for method, kinds := range r.w.Policy.Ask {
		p.Ask[method] = kinds
	}
	if edit != nil {
		edit(&p)
	}
	r.n = r.w.NodeWith(&p, channels...)
	r.over()
}

// over has the browser go on with the other node. Its cookies are the same; on
// plain http their names end in the port.
func (r *policyReload) over() {
	from, to := origin(r.t, r.b.Base), origin(r.t, r.n.Server.URL)
	b := r.n.Browser()
	cookies := r.b.Client.Jar.Cookies(from)
	for _, c := range cookies {
		c.Name = strings.Replace(c.Name, from.Port(), to.Port(), 1)
	}
	b.Client.Jar.SetCookies(to, cookies)
	r.b = b.Get(r.b.URL.RequestURI())
}

func origin(t *testing.T, base string) *url.URL {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// clear fails on a dead end: a page of ours that asks for something it shows,
// or leads on.
func (r *policyReload) clear() {
	r.t.Helper()
	s := parsePage(r.b)
	leads := len(s.forms) > 0 || slices.ContainsFunc(s.links, func(l string) bool {
		return strings.HasPrefix(l, "/.sparekey/login") || strings.HasPrefix(l, "/.sparekey/account")
	})
	switch {
	case r.b.Status >= 500, s.name == "", !leads:
		r.t.Fatalf("dead end: got status %d, page %q\n%s", r.b.Status, s.name, r.b.Text())
	case s.name == "enroll" && s.secret == "", s.name == "codes" && len(s.codes) != 10, strings.Contains(s.words, "vouch for you") && s.spoken == "":
		r.t.Fatalf("page %q shows nothing\n%s", s.name, r.b.Text())
	case s.name == "refused" && s.problem == "":
		r.t.Fatalf("refused without a reason\n%s", r.b.Text())
	}
}

// sent is the newest message of a template from either node.
func (r *policyReload) sent(to, template string) recovery.Message {
	r.t.Helper()
	if r.n != nil && len(r.n.Outbox.To(to, template)) > 0 {
		return r.n.Outbox.Last(r.t, to, template)
	}
	return r.w.Outbox.Last(r.t, to, template)
}

// do is one thing the person does; after it the page must be clear.
func (r *policyReload) do(deed string) {
	r.t.Helper()
	word, arg, _ := strings.Cut(deed, " ")
	hidden := url.Values{"flow": {parsePage(r.b).flow}}
	post := func(pairs ...string) {
		for i := 0; i+1 < len(pairs); i += 2 {
			hidden.Set(pairs[i], pairs[i+1])
		}
		r.b.Post("/.sparekey/", hidden)
	}
	switch word {
	case "ask":
		r.b.Get("/.sparekey/recover").Want("recover").Submit("name", "alice")
	case "mail":
		post("code", r.sent(r.alice.Mail, "recover-code").Vars["code"])
	case "sms":
		post("code", r.sent(r.alice.Phone, "sms-code").Vars["code"])
	case "password":
		post("password", r.alice.Password)
	case "totp":
		r.w.Clock.Move(30 * time.Second)
		post("code", recoverytest.TOTP(r.w, r.alice.Key))
	case "paper":
		post("code", r.alice.Codes[0])
	case "answer":
		post("answer", aliceAnswer)
	case "pin":
		post("pin", alicePIN)
	case "new":
		post("new_password", "a new and longer sentence")
	case "scan":
		post("code", recoverytest.TOTP(r.w, r.b.TakeApp().All("secret")[0]))
	case "choose":
		post("choice", arg)
	case "method":
		post("method", arg)
	case "go":
		post()
	case "pass":
		d, err := time.ParseDuration(arg)
		if err != nil {
			r.t.Fatal(err)
		}
		r.w.Clock.Move(d)
		return
	case "see", "asks", "offers", "hides":
		r.look(word, arg)
	case "again":
		r.b.Get(r.b.URL.RequestURI())
	default:
		r.t.Fatalf("nobody knows how to %q", deed)
	}
	r.clear()
}

// look holds the page to what it must show or hide.
func (r *policyReload) look(word, arg string) {
	r.t.Helper()
	switch word {
	case "see":
		r.b.Want(arg)
	case "asks":
		if !r.b.Has(arg) {
			r.t.Fatalf("got no field %q on page %q\n%s", arg, r.b.Page(), r.b.Text())
		}
	case "offers", "hides":
		name, value, _ := strings.Cut(arg, "=")
		if got := r.offers(name, value); got != (word == "offers") {
			r.t.Fatalf("got %s offered %v on page %q\n%s", arg, got, r.b.Page(), r.b.Text())
		}
	}
}

// taken tells whether the second factor or the password was replaced.
func (r *policyReload) taken() bool {
	a, err := r.w.Engine.Find(r.t.Context(), "alice")
	if err != nil {
		r.t.Fatal(err)
	}
	return a.Credential(recovery.TOTP).ID != r.first.Credential(recovery.TOTP).ID || a.Credential(recovery.Password).ID != r.first.Credential(recovery.Password).ID
}

// policyChange is a row: what was done before the reload, what it changed, and
// what is met after it.
type policyChange struct {
	name     string
	before   string // deeds, separated by commas
	edit     func(*recovery.Policy)
	channels []string
	after    string
	takes    bool // the flow ends with what it was begun for
}

// without drops the ways of a goal that hold a proof.
func without(g recovery.Goal, proofs ...string) func(*recovery.Policy) {
	return func(p *recovery.Policy) {
		p.Ways[g] = slices.DeleteFunc(p.Ways[g], func(w recovery.Way) bool {
			return slices.Equal(w.Proofs, proofs) || len(proofs) == 0
		})
	}
}

func with(g recovery.Goal, w recovery.Way) func(*recovery.Policy) {
	return func(p *recovery.Policy) { p.Ways[g] = append(p.Ways[g], w) }
}

// waiting sets the wait of the ways of a goal that have these proofs.
func waitOf(g recovery.Goal, d time.Duration, proofs ...string) func(*recovery.Policy) {
	return func(p *recovery.Policy) {
		for i := range p.Ways[g] {
			if slices.Equal(p.Ways[g][i].Proofs, proofs) {
				p.Ways[g][i].Wait = d
			}
		}
	}
}

func asking(method string, kind recovery.Kind) func(*recovery.Policy) {
	return func(p *recovery.Policy) { p.Ask[method] = []recovery.Kind{kind} }
}

// newPolicyReload has alice with everything.
func newPolicyReload(t *testing.T, options ...recoverytest.Option) *policyReload {
	t.Helper()
	inst := newInstallation(t, accountShape{factor: true, phone: true, contacts: true}, nil, options...)
	inst.addMemorized()
	change(t, inst.world, "alice", func(a *recovery.Account) { watched(a, inst.world.Clock.Now()) })
	inst.world.Engine.Notify, inst.world.Web.Notify = inst.world.Outbox, inst.world.Outbox
	return &policyReload{t: t, w: inst.world, b: inst.world.Browser().Get("/"), alice: inst.owner, first: inst.account()}
}

// offers looks on the page, and on that of the other ways.
func (r *policyReload) offers(name, value string) bool {
	if r.b.Offers(name, value) || !strings.Contains(r.b.Body, "/.sparekey/choose?") {
		return r.b.Offers(name, value)
	}
	step := r.b.URL.RequestURI()
	if f := r.b.URL.Query().Get("f"); f == "" {
		step = "/.sparekey/?f=" + r.b.Hidden("code").Get("flow") // an answer to a form has no address of its own
	}
	defer r.b.Get(step)
	return r.b.Get("/.sparekey/choose?"+strings.SplitN(step, "?", 2)[1]).Offers(name, value)
}

func (r *policyReload) all(deeds string) {
	r.t.Helper()
	for deed := range strings.SplitSeq(deeds, ",") {
		if deed = strings.TrimSpace(deed); deed != "" {
			r.do(deed)
		}
	}
}

// TestAPolicyChangedWhileFlowsAreOpen reloads the policy in the middle of
// flows: each ends by what the policy now allows, or shows a page that leads on.
func TestAPolicyChangedWhileFlowsAreOpen(t *testing.T) {
	recoverytest.Alone(t)
	for _, tc := range slices.Concat(changedWays(), changedWaits(), changedAsks(), changedMeans()) {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newPolicyReload(t)
			r.all(tc.before)
			r.reload(tc.edit, tc.channels)
			r.clear()
			r.all(tc.after)
			if got := r.taken(); got != tc.takes {
				t.Errorf("got replaced %v, want %v; at page %q\n%s", got, tc.takes, r.b.Page(), r.b.Text())
			}
		})
	}
}
