package caddymodule

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	"github.com/caddy-sparekey/sparekey/caddymodule/routes"
	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/guard"
	"github.com/caddy-sparekey/sparekey/recovery/web"
)

// explained is whether somebody would be let in at an address, and why. An answer
// is yes, proof (it is asked for first) or no, and for an address also open.
type explained struct {
	User     string        `json:"user"`
	URL      string        `json:"url"`
	Method   string        `json:"method"`
	From     string        `json:"from,omitempty"`
	Answer   string        `json:"answer"`
	Why      string        `json:"why,omitempty"`
	Gates    []gateSays    `json:"gates"`
	Sessions []sessionSays `json:"sessions"`
}

type gateSays struct {
	Line    string     `json:"line,omitempty"`
	Answer  string     `json:"answer"`
	Perhaps bool       `json:"perhaps,omitempty"` // a matcher decides that looks at more than host, path and method
	Rules   []ruleSays `json:"rules"`
}

type ruleSays struct {
	Rule   string `json:"rule"`
	Answer string `json:"answer"`
	Why    string `json:"why"`
}

type sessionSays struct {
	Browser string    `json:"browser"`
	Since   time.Time `json:"since"`
	Answer  string    `json:"answer"`
	Why     string    `json:"why,omitempty"`
}

// The answers.
const (
	answerYes, answerProof, answerNo, answerOpen = "yes", "proof", "no", "open"
)

// explainAccess asks the gates that stand at an address, as a request would.
func (o *operations) explainAccess(ctx context.Context, user string, args *explainArguments) (*explained, error) {
	if args == nil {
		return nil, fmt.Errorf("explain without an address")
	}
	a, err := o.find(ctx, user)
	if err != nil {
		return nil, err
	}
	u, err := askedURL(args.URL)
	if err != nil {
		return nil, err
	}
	if o.bare {
		return nil, fmt.Errorf("the sites are not known: say where the configuration is with --config FILE, or start Caddy")
	}
	gates, err := o.gatesAt(u, args)
	if err != nil {
		return nil, err
	}
	out := &explained{User: a.Name, URL: u.String(), Method: args.Method, From: args.From, Gates: []gateSays{}, Sessions: []sessionSays{}}
	o.answer(out, a, gates)
	return out, nil
}

func askedURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("%q is no address: write it like https://photos.example.com/album", text)
	}
	u.Path = cmp.Or(u.Path, "/")
	return u, nil
}

// met is a gate and what it is asked.
type met struct {
	line     string
	perhaps  bool
	question guard.Question
}

// gatesAt lists the gates that a request comes to: the rules of a host behind
// another proxy, which asks by them alone, or else those of the servers at its port
// or, where none is, as behind a mapped port, of all.
func (o *operations) gatesAt(u *url.URL, args *explainArguments) ([]met, error) {
	port := portOf(u)
	behind, err := o.app.siteOf(origin(u.Scheme, u.Hostname(), port))
	if err != nil {
		return nil, err
	}
	if behind != nil {
		g, err := asGate(behind.SiteRules, behind.Line, u, args)
		return []met{g}, err
	}
	number, _ := strconv.ParseUint(port, 10, 16)
	var here, all []routes.Met
	for _, m := range o.app.sites.maps {
		list := m.At(u.Hostname(), u.Path, args.Method)
		all = append(all, list...)
		if m.Listens(uint(number)) {
			here = append(here, list...)
		}
	}
	if len(here) == 0 {
		here = all
	}
	var out []met
	for _, m := range here {
		g, err := loadedGate(m, u, args)
		if err != nil {
			return nil, err
		}
		out = append(out, g)
	}
	return out, nil
}

// loadedGate is a gate of Caddy's routes.
func loadedGate(m routes.Met, u *url.URL, args *explainArguments) (met, error) {
	var config struct {
		SiteRules

		At string `json:"at"`
	}
	if err := json.Unmarshal(m.Config, &config); err != nil {
		return met{}, err
	}
	g, err := asGate(config.SiteRules, config.At, u, args)
	g.perhaps, g.question.Free = m.Perhaps, !m.Protects
	return g, err
}

func asGate(site SiteRules, line string, u *url.URL, args *explainArguments) (met, error) {
	rules, err := site.read(line)
	q := guard.Question{Rules: rules}
	q.Method, q.Paths = new(web.Server).Target(&http.Request{Method: args.Method, URL: u})
	if args.From != "" && err == nil {
		if q.Client, err = netip.ParseAddr(args.From); err != nil {
			err = fmt.Errorf("--from %s: write the address of a client, such as 192.168.1.7", args.From)
		}
	}
	return met{line: line, question: q}, err
}

// answer asks each gate about a sign-in with everything the account has, and about
// the sessions there are.
func (o *operations) answer(out *explained, a *recovery.Account, gates []met) {
	now, methods := o.engine.Now(), o.engine.Methods
	whole := methods.WholeSession(a, now)
	open := true
	for _, g := range gates {
		x := guard.Explain(o.engine.Policy, methods, a, whole, g.question, now)
		says := gateSays{Line: g.line, Perhaps: g.perhaps, Answer: answerOf(x.Reason), Rules: said(g.question.Rules, x)}
		if x.Open {
			says.Answer = answerOpen
		}
		open = open && x.Open
		out.Gates = append(out.Gates, says)
	}
	switch {
	case len(gates) == 0:
		out.Answer, out.Why = answerOpen, "no gate stands there"
	case open:
		out.Answer, out.Why = answerOpen, "it passes without a login"
	case a.State != recovery.StateActive:
		out.Answer, out.Why = answerNo, "the account is "+string(a.State)
	default:
		out.Answer, out.Why = o.worst(a, whole, gates)
		for i := range a.Sessions {
			if s := &a.Sessions[i]; a.Session(s.TokenHash, now) != nil {
				answer, why := o.worst(a, s, gates)
				out.Sessions = append(out.Sessions, sessionSays{s.Browser, s.Created, answer, why})
			}
		}
	}
}

// worst is the answer of the gates together: all must let a session pass.
func (o *operations) worst(a *recovery.Account, s *recovery.Session, gates []met) (answer, why string) {
	answer = answerYes
	for _, g := range gates {
		x := guard.Explain(o.engine.Policy, o.engine.Methods, a, s, g.question, o.engine.Now())
		if x.Open || x.Reason == guard.Allowed || answer == answerNo {
			continue
		}
		answer = answerOf(x.Reason)
		for _, r := range x.Rules {
			if r.Reason == x.Reason {
				why = ruleWhys()[r.Word](g.question.Rules, x)
			}
		}
	}
	return answer, why
}

func answerOf(r guard.Reason) string {
	switch r {
	case guard.Allowed, guard.AllowedOpen:
		return answerYes
	case guard.DeniedFactor, guard.DeniedStale:
		return answerProof
	}
	return answerNo
}
