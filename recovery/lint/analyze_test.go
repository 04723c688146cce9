package lint_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// sets writes takeover sets for comparison: sources in the order of the lint,
// the delay, and "!" when it is weaker than the login.
func sets(list []lint.Takeover) string {
	var out []string
	for _, x := range list {
		s := strings.Join(x.Sources, "+")
		if x.Delay > 0 {
			s += "@" + x.Delay.String()
		}
		if x.Weaker {
			s += "!"
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// shape reads what an account has, in short words; each contact is one.
func shape(words string) lint.Shape {
	short := map[string][]string{
		"totp": {"totp"}, "passkey": {"passkey"}, "verified": {"passkey", "verified"}, "codes": {"recovery_code"},
		"mail": {"mail"}, "phone": {"sms"}, "push": {"push"}, "device": {"device"}, "pin": {"pin"}, "question": {"question"},
		"admin": {"admin"}, "rescue": {"rescue"}, "contact": {"contact"},
	}
	var s lint.Shape
	for word := range strings.FieldsSeq(words) {
		long, ok := short[word]
		if !ok {
			panic("no such word: " + word)
		}
		if word == "contact" && s.Has(word) {
			long = []string{"contact*2"}
		}
		s = s.With(long...)
	}
	return s
}

// takeover is a policy with its minimal sets, worked out by hand.
type takeover struct {
	name   string
	policy string
	shape  string
	want   string
}

func (tc takeover) run(t *testing.T) {
	t.Run(tc.name, func(t *testing.T) {
		if got := sets(lint.Analyze(policy(tc.policy), shape(tc.shape)).Sets); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	})
}

func TestAnalyze_Base(t *testing.T) {
	for _, tc := range []takeover{
		{"no ways, no factor", "", "mail codes phone", "memory"},
		{"no ways, a factor", "", "totp mail phone", "memory+totp"},
		{"codes stand for the factor", "", "totp codes mail", "memory+recovery_code memory+totp"},
		{"a verified passkey is a login", "", "verified mail", "passkey"},
		{"another passkey needs the password", "", "passkey mail", "memory+passkey"},
		{"both kinds of factor", "", "totp verified", "memory+totp passkey"},
		{"an approving device wants a strong proof", "", "totp device", "memory+totp totp+device"},
		{"who sits there with paper adds a passkey", "", "totp codes device", "memory+recovery_code memory+totp recovery_code+device totp+device"},
		{"mailbox, no factor", "password: mail_link without_factor", "mail", "mail memory"},
		{"codes, no factor", "password: recovery_code without_factor", "codes mail", "memory recovery_code"},
		{"device and mailbox, no factor", "password: device mail_link without_factor", "device mail", "mail+device memory"},
		{"device alone, no factor", "password: device without_factor", "device", "device memory"},
		{"ways without factor are not for others", "password: mail_link without_factor", "totp mail", "memory+totp"},
		{"ways with factor are not for others", "password: mail_link factor", "mail", "memory"},
		{"both is enough for the password", "password: recovery_code without_factor\nboth: mail_link contact", "mail contact", "mail+contact memory"},
		{"both alone opens no password, but an account that is closed", "both: mail_link contact", "mail contact", "mail+contact memory"},
	} {
		tc.run(t)
	}
}

func TestAnalyze_Ways(t *testing.T) {
	for _, tc := range []takeover{
		{"mailbox and factor", "password: mail_link factor", "totp mail", "memory+totp totp+mail"},
		{"mailbox and passkey", "password: mail_link factor", "passkey mail", "memory+passkey passkey+mail"},
		{"mailbox for the password", "password: mail_link", "totp mail", "memory+totp totp+mail"},
		{"mailbox for the factor, no login by it", "second_factor: mail_link password", "totp mail phone", "memory+mail! memory+totp"},
		{"mailbox for the factor, enrolled as a passkey", "second_factor: mail_link", "totp mail", "mail! memory+totp"},
		{"mailbox for both", "both: mail_link", "totp mail", "mail! memory+totp"},
		{"codes for both", "both: recovery_code", "totp codes", "memory+totp recovery_code!"},
		{"mailbox, password, number", "second_factor: mail_link password sms_code", "totp mail phone", "memory+mail+sms memory+totp"},
		{"mailbox and number without password", "second_factor: mail_link sms_code", "totp mail phone", "mail+sms! memory+totp"},
		{"a wait makes the mailbox count", "second_factor: mail_link password wait 24h", "totp mail phone", "memory+mail@24h memory+totp"},
		{"a short wait does not", "second_factor: mail_link password wait 23h", "totp mail phone", "memory+mail@23h! memory+totp"},
		{"nobody to tell: not offered", "second_factor: mail_link password wait 24h", "totp mail", "memory+totp"},
		{"told by push", "second_factor: mail_link password wait 24h", "totp mail push", "memory+mail@24h memory+totp"},
		{"told on a known device", "second_factor: mail_link password wait 24h", "totp mail device", "memory+mail@24h memory+totp totp+device"},
		{"the waiting way is passed by another", "second_factor: mail_link password wait 24h\nsecond_factor: password mail_code", "totp mail phone", "memory+mail! memory+totp"},
		{"device proves the password", "second_factor: password device wait 24h", "totp mail device", "memory+device@24h memory+totp totp+device"},
		{"a wait does not make one source two", "both: mail_link wait 48h", "totp mail phone", "mail@48h! memory+totp"},
	} {
		tc.run(t)
	}
}

func TestAnalyze_Chains(t *testing.T) {
	for _, tc := range []takeover{
		{"number alone waits for the ban", "password: mail_link\nsecond_factor: password sms_code", "totp mail phone", "mail+sms@72h! memory+totp totp+mail"},
		{"a six-digit code begins nothing", "second_factor: password sms_code\npassword: recovery_code factor", "totp phone", "memory+totp"},
		{
			"it begins with what another way offers", "second_factor: password sms_code\npassword: recovery_code factor", "totp phone codes",
			"memory+recovery_code memory+totp totp+recovery_code",
		},
		{"ban and wait are summed", "password: mail_link\nsecond_factor: mail_link password wait 24h", "totp mail phone", "mail@96h! memory+totp"},
		{
			"factor first, then password", "second_factor: mail_link contact\npassword: factor mail_link", "totp contact mail",
			"mail+contact memory+totp totp+mail",
		},
		{
			"the ban does not hold for the password", "password: mail_link\nboth: password mail_link contact", "totp mail contact",
			"mail+contact@72h memory+totp totp+mail",
		},
		{
			"a recovery ends the session beside it", "password: mail_link\nsecond_factor: password device", "totp mail device",
			"memory+device! memory+totp totp+device totp+mail",
		},

		{"two contacts", "both: contact*2 mail_link", "totp contact contact contact mail", "mail+contact*2 memory+totp"},
		{"one contact is not two", "both: contact*2 mail_link", "totp contact mail", "memory+totp"},
		{"one contact", "both: contact mail_link", "totp contact contact mail", "mail+contact memory+totp"},
		{"taking the factor off", "password: mail_link without_factor", "totp device mail", "memory+totp totp+device"},
		{"a question beside", "password: mail_link question without_factor", "mail question", "memory"},
		{"question and mailbox for a factor", "second_factor: mail_link question", "totp mail question phone", "memory+mail! memory+totp"},
		{"nobody has the question", "second_factor: mail_link question", "totp mail phone", "memory+totp"},
	} {
		tc.run(t)
	}
}

func TestAnalyze_Authority(t *testing.T) {
	for _, tc := range []struct {
		name, policy, shape, sets, helped string
	}{
		{"rescue", "both: rescue", "totp rescue", "memory+totp", "rescue"},
		{"nobody to rescue", "both: rescue", "totp", "memory+totp", ""},
		{"admin beside a password", "second_factor: password admin", "totp admin", "memory+totp", "memory+admin"},
		{"admin and mailbox", "both: admin mail_link wait 24h", "totp mail phone admin", "memory+totp", "mail+admin@24h"},
		{
			"admin in a chain", "second_factor: mail_link password sms_code\npassword: admin", "totp mail phone admin",
			"memory+mail+sms memory+totp", "mail+admin@24h totp+admin", // the first by closing the account
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := lint.Analyze(policy(tc.policy), shape(tc.shape))
			if got := sets(r.Sets); got != tc.sets {
				t.Errorf("sets: got %s, want %s", got, tc.sets)
			}
			if got := sets(r.Helped); got != tc.helped {
				t.Errorf("with an authority: got %s, want %s", got, tc.helped)
			}
			if len(r.Findings) > 0 {
				t.Errorf("authority is compared: got %v", r.Findings)
			}
		})
	}
}

func TestAnalyze_Strength(t *testing.T) {
	for _, tc := range []struct {
		name, policy, shape, set string
		want                     lint.Strength
		stoppable                bool
	}{
		{"password", "", "", "memory", lint.Strength{Held: 0, Count: 1}, false},
		{"password and factor", "", "totp", "memory+totp", lint.Strength{Held: 1, Count: 2}, false},
		{"a verified passkey is two sources", "", "verified", "passkey", lint.Strength{Held: 1, Count: 2}, false},
		{"two issued count beside memory", "second_factor: mail_link password sms_code", "totp mail phone", "memory+mail+sms", lint.Strength{Held: 1, Count: 3}, false},
		{"two issued alone are nothing", "both: mail_link sms_code", "totp mail phone", "mail+sms", lint.Strength{Held: 0, Count: 2}, false},
		{"two issued beside a held one", "both: mail_link sms_code contact", "totp mail phone contact", "mail+sms+contact", lint.Strength{Held: 2, Count: 3}, false},
		{"one issued", "second_factor: mail_link password", "totp mail phone", "memory+mail", lint.Strength{Held: 0, Count: 2}, false},
		{"one issued that waits", "second_factor: mail_link password wait 24h", "totp mail phone", "memory+mail", lint.Strength{Held: 1, Count: 2}, true},
		{"one issued beside another wait", "second_factor: contact password wait 24h\npassword: mail_link", "totp mail contact device", "mail+contact", lint.Strength{Held: 1, Count: 2}, true},
		{"two contacts", "both: contact*2 mail_link", "totp mail contact contact", "mail+contact*2", lint.Strength{Held: 2, Count: 3}, false},
		{"a stranger's wait", "both: contact mail_link sms_code wait 24h", "totp mail phone contact push", "mail+sms+contact", lint.Strength{Held: 2, Count: 3}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			list := lint.Analyze(policy(tc.policy), shape(tc.shape)).Sets
			i := slices.IndexFunc(list, func(x lint.Takeover) bool { return strings.Join(x.Sources, "+") == tc.set })
			if i < 0 {
				t.Fatalf("got %s, want %s among them", sets(list), tc.set)
			}
			if got := list[i]; got.Strength != tc.want || got.Stoppable != tc.stoppable {
				t.Errorf("got %+v, stoppable %v, want %+v, %v", got.Strength, got.Stoppable, tc.want, tc.stoppable)
			}
		})
	}
}

// A channel without notifier sends no code, and nobody is told through it.
func TestAnalyze_Channels(t *testing.T) {
	chain := "second_factor: mail_link password wait 24h\npassword: mail_link sms_code"
	wait := "second_factor: device password wait 24h"
	for _, tc := range []struct {
		name, policy, shape, channels, want string
	}{
		{"all", chain, "totp mail phone", "mail sms", "mail+sms@96h! memory+mail@24h memory+totp"},
		{"no gateway", chain, "totp mail phone", "mail", "memory+totp"},
		{"no mail", chain, "totp mail phone", "sms", "memory+totp"},
		{"told by mail", wait, "totp mail device", "mail", "memory+device@24h memory+totp totp+device"},
		{"not told by mail", wait, "totp mail device", "", "memory+totp totp+device"},
		{"told by phone", wait, "totp phone device", "sms", "memory+device@24h memory+totp totp+device"},
		{"not told by phone", wait, "totp phone device", "mail", "memory+totp totp+device"},
		{"told by push", wait, "totp push device", "push", "memory+device@24h memory+totp totp+device"},
		{"not told by push", wait, "totp push device", "mail", "memory+totp totp+device"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table := policy(tc.policy)
			table.Channels = strings.Fields(tc.channels)
			if got := sets(lint.Analyze(table, shape(tc.shape)).Sets); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// Without passkeys, what a change makes of the kind of account matters: with
// them one simply adds a passkey and signs in with it.
func TestAnalyze_OtherKind(t *testing.T) {
	for _, tc := range []struct {
		name, policy, shape, want string
	}{
		{"factor taken off, with an address of one's own", "password: mail_link without_factor", "totp device mail", "memory+totp totp+device@72h"},
		{"none to show then", "password: mail_link totp without_factor", "totp device mail", "memory+totp"},
		{"no factor is added with a code: only the password is strong then", "password: device factor", "codes device", "memory"},
		{"nothing to add it with", "password: contact factor", "device contact", "memory"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table := policy(tc.policy)
			table.Proofs = slices.DeleteFunc(table.Proofs, func(p lint.Proof) bool { return p.Name == "passkey" })
			if got := sets(lint.Analyze(table, shape(tc.shape)).Sets); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// The rules of the login and of changes are data: loosening one shows.
func TestAnalyze_Rules(t *testing.T) {
	base := "second_factor: mail_link password sms_code"
	for _, tc := range []struct {
		name   string
		change func(*lint.Table)
		shape  string
		want   string
	}{
		{"as they are", func(*lint.Table) {}, "totp mail phone device", "memory+mail+sms memory+totp totp+device"},
		{"a half login enrols for everybody", func(t *lint.Table) { t.Changes[4].NoFactorOnly = false }, "totp mail phone device", "memory! totp+device"},
		{"no ban", func(t *lint.Table) { t.Ban = 0; t.Ways["password"] = []lint.Way{way("mail_link")} }, "totp mail phone", "mail+sms! memory+totp totp+mail"},
		{"a device approves a sign-in by itself", func(t *lint.Table) { t.Approvals[0].Proofs = nil }, "totp device", "memory+device memory+totp totp+device"},
		{"changes ask for nothing", func(t *lint.Table) { t.Changes[1].Proofs = nil }, "totp device", "device! memory+totp"},
		{"unlock gives nothing", func(t *lint.Table) {
			t.Changes = append(t.Changes, lint.Change{Name: "unlock", Proofs: []string{"mail_link"}})
		}, "totp mail", "memory+totp"},
		{"new address at once", func(t *lint.Table) {
			t.Changes = []lint.Change{{Name: "change_contact", Session: true, Proofs: []string{"strong"}, Gives: []string{"mail_link"}}}
			t.Ways["password"] = []lint.Way{way("mail_link factor")}
		}, "totp device", "memory+totp totp+device"},
		{"question asked of those who have one", func(t *lint.Table) {
			t.Ask = []string{"question"}
			t.Ways["password"] = []lint.Way{way("mail_link without_factor")}
		}, "mail question", "memory"},
		{"question not asked of others", func(t *lint.Table) {
			t.Ask = []string{"question"}
			t.Ways["password"] = []lint.Way{way("mail_link without_factor")}
		}, "mail", "mail memory"},
		{"a source the lint has not heard of", func(t *lint.Table) {
			t.Proofs = append(t.Proofs, lint.Proof{Name: "pigeon", Source: "pigeon", Class: lint.ClassIssued, First: true})
			t.Ways["both"] = []lint.Way{way("pigeon")}
		}, "totp", "memory+totp pigeon!"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table := policy(base)
			tc.change(&table)
			if got := sets(lint.Analyze(table, shape(tc.shape)).Sets); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// The login is worth what its weakest minimal set is worth.
func TestAnalyze_Login(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*lint.Table)
		shape  string
		want   lint.Strength
	}{
		{"no factor", func(*lint.Table) {}, "codes mail device", lint.Strength{Held: 0, Count: 1}},
		{"a factor", func(*lint.Table) {}, "totp codes verified device", lint.Strength{Held: 1, Count: 2}},
		{"a device by itself", func(t *lint.Table) { t.Approvals[0].Proofs = nil }, "totp device", lint.Strength{Held: 0, Count: 2}},
		{"one way in is longer", func(t *lint.Table) { t.Login[0].Proofs = []string{"password", "factor", "mail_link"} }, "totp codes mail", lint.Strength{Held: 1, Count: 2}},
		{"the longer one is looked at first", func(t *lint.Table) {
			t.Login = []lint.SignIn{{Proofs: []string{"password", "factor", "mail_link"}}, {Proofs: []string{"recovery_code", "sms_code"}}}
		}, "totp codes mail phone", lint.Strength{Held: 1, Count: 2}},
		{"one way in is worth more", func(t *lint.Table) { t.Login[0].Proofs = []string{"recovery_code", "factor"} }, "totp codes passkey", lint.Strength{Held: 1, Count: 2}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			table := lint.Base()
			tc.change(&table)
			if got := lint.Analyze(table, shape(tc.shape)).Login; got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}

func TestAnalyze_Chain(t *testing.T) {
	r := lint.Analyze(policy("password: mail_link\nsecond_factor: password sms_code @C:7"), shape("totp mail phone"))
	var got []string
	for _, x := range r.Sets {
		if strings.Join(x.Sources, "+") == "mail+sms" {
			for _, s := range x.Chain {
				got = append(got, s.Name+"/"+string(s.Goal)+"/"+s.Line)
			}
		}
	}
	want := []string{"mail_link/password/", "password sms_code/second_factor/C:7", "sign in//"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The default ways have no finding for any account there can be.
func TestDefaultIsClean(t *testing.T) {
	table := defaults()
	for _, s := range lint.Shapes(table) {
		for _, f := range lint.Analyze(table, s).Findings {
			t.Errorf("%s: got %s, want nothing", s, f)
		}
	}
	for _, f := range lint.Judge(table) {
		t.Errorf("got %s, want nothing", f)
	}
}

// Explain has to answer within a second. A busy machine may spoil a try.
func TestSpeed(t *testing.T) {
	recoverytest.Alone(t)
	best := time.Hour
	for range 3 {
		begin := time.Now() //nolint:forbidigo // what is measured is the wall clock
		lint.Explain(defaults())
		best = min(best, time.Since(begin))
	}
	if best > 3*time.Second { // a quarter of a second on a free core; this is no measurement
		t.Errorf("the quickest of three: got %v, want under three seconds", best)
	}
}

func BenchmarkExplain(b *testing.B) {
	for b.Loop() {
		lint.Explain(defaults())
	}
}
