package web_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/kv/memkv"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// accountShape is what alice's account has.
type accountShape struct {
	name                   string
	factor, phone, friends bool
	memory                 bool // a PIN and a question, and the operator asks for both
}

func accountShapes() []accountShape {
	return []accountShape{
		{name: "authenticator, codes, mail, phone", factor: true, phone: true, friends: true},
		{name: "authenticator, codes, mail", factor: true},
		{name: "password and mail"},
		{name: "password, PIN, question, mail", memory: true},
		{name: "authenticator, PIN, question, phone", factor: true, phone: true, memory: true},
	}
}

const (
	alicePIN    = "593817"
	aliceAnswer = "blue elephant"
)

// house is an installation with alice's account, an administrator and two
// people who may vouch.
type house struct {
	t      *testing.T
	w      *recoverytest.World
	driver *memkv.Driver
	post   *crawlPost
	shape  accountShape
	sam    *recoverytest.Person
	alice  *recoverytest.Person
	people []*recoverytest.Person
	id     string
	first  *recovery.Account // alice's record at the beginning
	raw    []byte
	clean  *spot
}

// newHouse builds one; odd changes the engine before anybody has used it.
func newHouse(t *testing.T, shape accountShape, odd func(*engine.Engine), options ...recoverytest.Option) *house {
	t.Helper()
	if shape.memory {
		options = append(options, recoverytest.WithPolicy(func(p *recovery.Policy) {
			p.Ask = map[string][]recovery.Kind{recovery.PIN: {recovery.KindChangePassword}, recovery.SecurityQuestion: {recovery.KindRecover}}
		}))
	}
	h := &house{t: t, w: recoverytest.New(t, options...), post: &crawlPost{}, shape: shape}
	h.driver = h.w.Driver.(*memkv.Driver)
	h.w.Engine.Notify, h.w.Web.Notify = h.post, h.post
	if odd != nil {
		odd(h.w.Engine)
	}
	h.sam = &recoverytest.Person{Name: "sam", Mail: "sam@example.org", Password: "stapled battery donkey"}
	h.w.Setup(h.sam)
	h.alice = recoverytest.Alice()
	if !shape.phone {
		h.alice.Phone = ""
	}
	h.w.Invite(h.alice)
	if shape.friends {
		for _, name := range []string{"robin", "kim"} {
			p := &recoverytest.Person{Name: name, Mail: name + "@example.org", Password: "horse and " + name + " battery"}
			h.w.Invite(p)
			h.people = append(h.people, p)
		}
	}
	h.furnish()
	return h
}

// furnish gives the account what the shape has and takes away what it lacks.
func (h *house) furnish() {
	change(h.t, h.w, "alice", func(a *recovery.Account) {
		for _, p := range h.people {
			f, err := h.w.Engine.Find(h.t.Context(), p.Name)
			if err != nil {
				h.t.Fatal(err)
			}
			a.TrustedContacts = append(a.TrustedContacts, recovery.TrustedContact{ID: f.ID, Name: f.Name})
		}
		if !h.shape.factor {
			a.Drop(recovery.TOTP)
			a.SecondFactor = false
		}
	})
	if h.shape.memory {
		h.remember()
	}
	h.id = h.account().ID
	h.clean = &spot{at: h.w.Clock.Now(), records: h.records()}
}

// remember gives the account a PIN and a security question.
func (h *house) remember() {
	for method, in := range map[string]recovery.Input{
		recovery.PIN:              {PIN: alicePIN},
		recovery.SecurityQuestion: {Answer: aliceAnswer, Choice: "first_pet"},
	} {
		m := h.w.Engine.Methods.Get(method).(recovery.Enroller)
		data, p, err := m.Confirm(h.t.Context(), recovery.Try{Account: &recovery.Account{}, Flow: &recovery.Flow{}, Input: in}, nil)
		if p != nil || err != nil {
			h.t.Fatalf("enrol %s: got %v, %v", method, p, err)
		}
		change(h.t, h.w, "alice", func(a *recovery.Account) {
			long := h.w.Clock.Now().AddDate(0, -1, 0) // closing an account takes back those of the last three days
			a.Drop(method)
			a.Credentials = append(a.Credentials, recovery.Credential{ID: method, Method: method, Version: 1, Created: long, Data: data})
		})
	}
}

// settle makes what is now what nothing may be taken from.
func (h *house) settle() { h.first, h.raw = h.account(), h.record() }

func (h *house) account() *recovery.Account {
	a, err := h.w.Engine.Find(h.t.Context(), "alice")
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *house) record() []byte {
	raw, err := h.driver.Get(h.t.Context(), "account/"+h.id)
	if err != nil {
		h.t.Fatal(err)
	}
	return raw
}

// taken lists what of the account is no longer what it was. Spending one of
// its codes, beginning a wait and closing it take nothing.
func (h *house) taken() []string {
	if bytes.Equal(h.record(), h.raw) {
		return nil
	}
	a := h.account()
	var out []string
	for method, what := range map[string]string{
		recovery.Password: "password", recovery.TOTP: "second factor", recovery.RecoveryCode: "codes", recovery.PIN: "PIN", recovery.SecurityQuestion: "question",
	} {
		was, is := h.first.Credential(method), a.Credential(method)
		if (was == nil) != (is == nil) || was != nil && (was.ID != is.ID || was.Version != is.Version || method != recovery.TOTP && method != recovery.RecoveryCode && !bytes.Equal(was.Data, is.Data)) {
			out = append(out, what)
		}
	}
	same := func(what string, x, y any) {
		if fmt.Sprint(x) != fmt.Sprint(y) {
			out = append(out, what)
		}
	}
	same("contacts", h.first.Addresses, a.Addresses)
	for _, v := range a.TrustedContacts { // one fewer only closes
		if !slices.Contains(h.first.TrustedContacts, v) {
			out = append(out, "vouchers")
		}
	}
	same("name", h.first.Name, a.Name)
	same("groups", h.first.Groups, a.Groups)
	same("second factor", h.first.SecondFactor, a.SecondFactor)
	same("probation", h.first.Probation, a.Probation)
	switch a.State {
	case h.first.State:
		same("generation", h.first.Generation, a.Generation)
	case recovery.StateFrozen: // a notice did it: closed, and nobody is in
		if len(a.Sessions) > 0 {
			out = append(out, "session of a closed account")
		}
	default:
		out = append(out, "state")
	}
	if len(a.Sessions) > len(h.first.Sessions) {
		out = append(out, "session")
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// marks is what has become of the account, as far as it opens or closes ways.
func (h *house) marks(now time.Time) string {
	if bytes.Equal(h.record(), h.raw) {
		return "as it was"
	}
	a := h.account()
	out := []string{string(a.State), fmt.Sprint(min(a.Generation-h.first.Generation, 2), len(a.Addresses), len(a.Sessions), a.UnfreezeWith != nil, now.Before(a.Probation))}
	for _, w := range a.Waits {
		out = append(out, fmt.Sprint(w.Goal, w.Way, !now.Before(w.Ready), now.Before(w.Until)))
	}
	for _, c := range a.Credentials {
		out = append(out, fmt.Sprint(c.Method, c.Version, now.Before(c.NoProofUntil)))
	}
	return strings.Join(out, " ")
}

// signIn is alice herself, on a browser of her own.
func (h *house) signIn() *recoverytest.Browser {
	b := h.w.Browser()
	h.w.Clock.Move(time.Minute)
	b.Get("/").Submit("name", "alice", "password", h.alice.Password)
	switch {
	case h.shape.factor:
		b.Want("factor").Submit("code", recoverytest.TOTP(h.w, h.alice.Key))
	case b.Page() == "factor":
		b.Submit("code", h.last("alice@example.org", "mail-code").Vars["code"])
	}
	if !h.w.SignedIn(b) {
		h.t.Fatalf("alice cannot sign in any more: got page %q\n%s", b.Page(), b.Text())
	}
	return b
}

// ownerSignsIn has alice sign in, and out again, as soon as a wait of her
// account is told; when it is closed she uses the link in what her phone got.
func ownerSignsIn(c *crawler) {
	h := c.house
	switch a := h.account(); {
	case len(a.Waits) == 0:
	case a.State == recovery.StateFrozen:
		b := h.w.Browser()
		b.Get(h.last(h.alice.Phone, "notice").Vars["stop"]).Want("stop")
		b.Post("/.sparekey/stop", b.Hidden("")).Want("stop")
	default:
		h.signIn().Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	}
}

func (h *house) last(to, template string) recovery.Message {
	for _, m := range slices.Backward(h.post.sent) {
		if m.To == to && m.Template == template {
			return m
		}
	}
	h.t.Fatalf("no %s to %s", template, to)
	return recovery.Message{}
}

// openCase has the administrator open a case for alice, and returns what the
// mail to her holds.
func (h *house) openCase() string {
	b := h.w.Browser()
	h.w.SignIn(b, h.sam, "/")
	h.w.Clock.Move(time.Minute)
	b.Post("/.sparekey/", recoverytest.Fields("start", "open_case", "name", "alice", "choice", "second_factor", "reason", "called me, I know the voice")).
		Want("factor").Submit("code", recoverytest.TOTP(h.w, h.sam.Key)).Want("person")
	return recoverytest.Link(h.t, h.last("alice@example.org", "admin-case"))
}

// vouch has one of alice's people be talked into vouching for whoever read
// the code out.
func (h *house) vouch(p *recoverytest.Person, spoken string) {
	b := h.w.Browser()
	h.w.SignIn(b, p, "/")
	h.w.Clock.Move(time.Minute)
	b.Get("/.sparekey/account/approve").Want("confirm").Submit("code", spoken)
	b.Want("factor").Submit("code", recoverytest.TOTP(h.w, p.Key)).Want("confirm").Submit("choice", "approve").Want("account")
}
