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
	name                    string
	factor, phone, contacts bool
	memory                  bool // a PIN and a question, and the operator asks for both
}

func accountShapes() []accountShape {
	return []accountShape{
		{name: "authenticator, codes, mail, phone", factor: true, phone: true, contacts: true},
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

// installation has the account of the owner, alice, an administrator and two
// trusted contacts.
type installation struct {
	t              *testing.T
	world          *recoverytest.World
	driver         *memkv.Driver
	outbox         *crawlOutbox
	shape          accountShape
	admin          *recoverytest.Person
	owner          *recoverytest.Person
	contacts       []*recoverytest.Person
	ownerID        string
	baseline       *recovery.Account // alice's record at the beginning
	baselineRecord []byte
	begin          *attackState

	last       *recovery.Account // read last, and its record
	lastRecord []byte
}

// newInstallation builds one; mutate changes the engine before anybody has used it.
func newInstallation(t *testing.T, shape accountShape, mutate func(*engine.Engine), options ...recoverytest.Option) *installation {
	t.Helper()
	if shape.memory {
		options = append(options, recoverytest.WithPolicy(func(p *recovery.Policy) {
			p.Ask = map[string][]recovery.Kind{recovery.PIN: {recovery.KindChangePassword}, recovery.SecurityQuestion: {recovery.KindRecover}}
		}))
	}
	driver := memkv.New()
	world := recoverytest.New(t, append(options, recoverytest.Direct(), recoverytest.WithDriver(driver))...)
	inst := &installation{t: t, world: world, driver: driver, outbox: &crawlOutbox{}, shape: shape}
	if mutate != nil {
		mutate(inst.world.Engine)
	}
	inst.admin = &recoverytest.Person{Name: "sam", Mail: "sam@example.org", Password: "stapled battery donkey"}
	inst.world.Setup(inst.admin)
	inst.owner = recoverytest.Alice()
	if !shape.phone {
		inst.owner.Phone = ""
	}
	inst.world.Invite(inst.owner)
	if shape.contacts {
		for _, name := range []string{"robin", "kim"} {
			p := &recoverytest.Person{Name: name, Mail: name + "@example.org", Password: "horse and " + name + " battery"}
			inst.world.Invite(p)
			inst.contacts = append(inst.contacts, p)
		}
	}
	inst.openAccount()
	inst.world.Engine.Notify, inst.world.Web.Notify = inst.outbox, inst.outbox
	return inst
}

// openAccount gives the account what the shape has and takes away what it lacks.
func (inst *installation) openAccount() {
	change(inst.t, inst.world, "alice", func(a *recovery.Account) {
		for _, p := range inst.contacts {
			f, err := inst.world.Engine.Find(inst.t.Context(), p.Name)
			if err != nil {
				inst.t.Fatal(err)
			}
			a.TrustedContacts = append(a.TrustedContacts, recovery.TrustedContact{ID: f.ID, Name: f.Name})
		}
		if !inst.shape.factor {
			inst.world.Policy.FactorFor = []string{recovery.GroupAdmins}
			a.Drop(recovery.TOTP)
			a.SecondFactor = false
		}
	})
	if inst.shape.memory {
		inst.addMemorized()
	}
	inst.ownerID = inst.account().ID
	inst.begin = &attackState{at: inst.world.Clock.Now(), records: inst.driver.Moment()}
}

// addMemorized gives the account a PIN and a security question.
func (inst *installation) addMemorized() {
	for method, in := range map[string]recovery.Input{
		recovery.PIN:              {PIN: alicePIN},
		recovery.SecurityQuestion: {Answer: aliceAnswer, Choice: "first_pet"},
	} {
		m := inst.world.Engine.Methods.Get(method).(recovery.Enroller)
		data, p, err := m.Confirm(inst.t.Context(), recovery.Try{Account: &recovery.Account{}, Flow: &recovery.Flow{}, Input: in}, nil)
		if p != nil || err != nil {
			inst.t.Fatalf("enrol %s: got %v, %v", method, p, err)
		}
		change(inst.t, inst.world, "alice", func(a *recovery.Account) {
			long := inst.world.Clock.Now().AddDate(0, -1, 0) // closing an account takes back those of the last three days
			a.Drop(method)
			a.Credentials = append(a.Credentials, recovery.Credential{ID: method, Method: method, Version: 1, Created: long, Data: data})
		})
	}
}

// setBaseline notes the account as it is now: nothing may be taken from it.
func (inst *installation) setBaseline() {
	inst.baseline, inst.baselineRecord = inst.account(), inst.record()
}

// account is to be read only: as long as nothing has changed it is the one of the
// last call, since reading it is much of what a crawl does.
func (inst *installation) account() *recovery.Account {
	var raw []byte
	if inst.ownerID != "" {
		if raw = inst.record(); inst.last != nil && bytes.Equal(raw, inst.lastRecord) {
			return inst.last
		}
	}
	a, err := inst.world.Engine.Find(inst.t.Context(), "alice")
	if err != nil {
		inst.t.Fatal(err)
	}
	if raw != nil {
		inst.last, inst.lastRecord = a, raw
	}
	return a
}

func (inst *installation) record() []byte {
	raw, err := inst.driver.Get(inst.t.Context(), "account/"+inst.ownerID)
	if err != nil {
		inst.t.Fatal(err)
	}
	return raw
}

// taken lists what of the account is no longer what it was. Spending one of
// its codes, beginning a wait and closing it take nothing.
func (inst *installation) taken() []string {
	if bytes.Equal(inst.record(), inst.baselineRecord) {
		return nil
	}
	a := inst.account()
	var out []string
	for method, what := range map[string]string{
		recovery.Password: "password", recovery.TOTP: "second factor", recovery.RecoveryCode: "codes", recovery.PIN: "PIN", recovery.SecurityQuestion: "question",
	} {
		was, is := inst.baseline.Credential(method), a.Credential(method)
		if (was == nil) != (is == nil) || was != nil && (was.ID != is.ID || was.Version != is.Version || method != recovery.TOTP && method != recovery.RecoveryCode && !bytes.Equal(was.Data, is.Data)) {
			out = append(out, what)
		}
	}
	same := func(what string, x, y any) {
		if fmt.Sprint(x) != fmt.Sprint(y) {
			out = append(out, what)
		}
	}
	same("contacts", inst.baseline.Addresses, a.Addresses)
	for _, v := range a.TrustedContacts { // one fewer only closes
		if !slices.Contains(inst.baseline.TrustedContacts, v) {
			out = append(out, "vouchers")
		}
	}
	same("name", inst.baseline.Name, a.Name)
	same("groups", inst.baseline.Groups, a.Groups)
	same("second factor", inst.baseline.SecondFactor, a.SecondFactor)
	same("probation", inst.baseline.Probation, a.Probation)
	switch a.State {
	case inst.baseline.State:
		if len(a.Sessions) > 0 { // a notice may have stopped all that ran: nobody is in
			same("generation", inst.baseline.Generation, a.Generation)
		}
	case recovery.StateFrozen: // a notice did it: closed, and nobody is in
		if len(a.Sessions) > 0 {
			out = append(out, "session of a closed account")
		}
	default:
		out = append(out, "state")
	}
	if len(a.Sessions) > len(inst.baseline.Sessions) {
		out = append(out, "session")
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// accountFingerprint is what has become of the account, as far as it opens or closes ways.
func (inst *installation) accountFingerprint(now time.Time) string {
	if bytes.Equal(inst.record(), inst.baselineRecord) {
		return "as it was"
	}
	a := inst.account()
	out := []string{string(a.State), fmt.Sprint(min(a.Generation-inst.baseline.Generation, 2), len(a.Addresses), len(a.Sessions), a.UnfreezeWith != nil, now.Before(a.Probation))}
	for _, w := range a.Waits {
		out = append(out, fmt.Sprint(w.Goal, w.Way, !now.Before(w.Ready), now.Before(w.Until)))
	}
	for _, c := range a.Credentials {
		out = append(out, fmt.Sprint(c.Method, c.Version, now.Before(c.NoProofUntil)))
	}
	return strings.Join(out, " ")
}

// signIn is the owner herself, on a browser of her own.
func (inst *installation) signIn() *recoverytest.Browser {
	return inst.signInAt(inst.world.Browser())
}

// signInAt is that on a browser which she may have used before.
func (inst *installation) signInAt(b *recoverytest.Browser) *recoverytest.Browser {
	inst.world.Clock.Move(time.Minute)
	b.Get("/").Submit("name", "alice", "password", inst.owner.Password)
	switch {
	case inst.shape.factor:
		b.Want("factor").Submit("code", recoverytest.TOTP(inst.world, inst.owner.Key))
	case b.Page() == "factor":
		b.Submit("code", inst.newest("alice@example.org", "mail-code").Vars["code"])
	}
	if !inst.world.SignedIn(b) && b.Page() != "account" { // a portal has no app
		inst.t.Fatalf("alice cannot sign in any more: got page %q\n%s", b.Page(), b.Text())
	}
	return b
}

// ownerSignsIn has the owner sign in, and out again, as soon as a wait of her
// account is told; when it is closed she uses the link in what her phone got.
func ownerSignsIn(c *crawler) {
	inst := c.inst
	switch a := inst.account(); {
	case len(a.Waits) == 0:
	case a.State == recovery.StateFrozen:
		b := inst.world.Browser()
		b.Follow(inst.newest(inst.owner.Phone, "notice").Vars["stop"]).Want("stop")
		b.Post("/.sparekey/stop", b.Hidden("")).Want("stop")
	default:
		inst.signIn().Post("/.sparekey/logout", recoverytest.Fields()).Want("signed-out")
	}
}

func (inst *installation) newest(to, template string) recovery.Message {
	for _, m := range slices.Backward(inst.outbox.sent) {
		if m.To == to && m.Template == template {
			return m
		}
	}
	inst.t.Fatalf("no %s to %s", template, to)
	return recovery.Message{}
}

// openCase has the administrator open a case for alice, and returns what the
// mail to her holds.
func (inst *installation) openCase() string {
	b := inst.world.Browser()
	inst.world.SignIn(b, inst.admin, "/")
	inst.world.Clock.Move(time.Minute)
	b.Post("/.sparekey/", recoverytest.Fields("start", "open_case", "name", "alice", "choice", "second_factor", "reason", "called me, I know the voice")).
		Want("factor").Submit("code", recoverytest.TOTP(inst.world, inst.admin.Key)).Want("person")
	return recoverytest.Link(inst.t, inst.newest("alice@example.org", "admin-case"))
}

// vouch has a trusted contact be talked into vouching for whoever read
// the code out.
func (inst *installation) vouch(p *recoverytest.Person, spoken string) {
	b := inst.world.Browser()
	inst.world.SignIn(b, p, "/")
	inst.world.Clock.Move(time.Minute)
	b.Get("/.sparekey/account/approve").Want("confirm").Submit("code", spoken)
	b.Want("factor").Submit("code", recoverytest.TOTP(inst.world, p.Key)).Want("confirm").Submit("choice", "approve").Want("account")
}
