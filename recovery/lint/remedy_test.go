package lint_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// small is a policy of an installation with a password, an authenticator and a
// channel, in which the goals that the text names are written.
func small(text, channels string) lint.Table {
	t := lint.Base()
	t.Channels = strings.Fields(channels)
	t.Proofs = slices.DeleteFunc(t.Proofs, func(p lint.Proof) bool { return p.Name == "passkey" || p.Name == "device" })
	t.Login = slices.DeleteFunc(t.Login, func(l lint.SignIn) bool {
		return slices.Contains(l.Proofs, "passkey") || slices.Contains(l.Proofs, "device")
	})
	t.Ways, t.Idle = policy(text).Ways, map[lint.Goal][]lint.Way{}
	for goal, ways := range defaults().Ways {
		if len(t.Ways[goal]) > 0 {
			continue
		}
		for _, w := range ways {
			switch {
			case slices.Contains(w.Proofs, "device"):
			case sendable(w, t.Channels):
				t.Ways[goal] = append(t.Ways[goal], w)
			default:
				t.Idle[goal] = append(t.Idle[goal], w)
			}
		}
	}
	return t
}

func sendable(w lint.Way, channels []string) bool {
	return !slices.ContainsFunc(w.Proofs, func(name string) bool {
		channel, _, sent := strings.Cut(name, "_")
		return sent && (channel == "mail" || channel == "sms") && !slices.Contains(channels, channel)
	})
}

// paste does to a policy what its findings advise.
func paste(t lint.Table, findings []lint.Finding) lint.Table {
	instead, below := map[string][]lint.Way{}, map[string][]lint.Way{}
	for _, f := range findings {
		for _, x := range f.Fixes {
			ways := []lint.Way{}
			for _, line := range x.Write {
				ways = append(ways, way(strings.TrimPrefix(line, "way ")+" @"+x.Line))
			}
			if x.Below {
				below[x.Line] = append(below[x.Line], ways...)
			} else {
				instead[x.Line] = ways
			}
		}
		if notify, ok := strings.CutPrefix(f.Remedy, "add notify "); ok && f.Severity == lint.Error {
			t.Channels = append(slices.Clone(t.Channels), strings.Replace(strings.Fields(notify)[0], "smtp", "mail", 1))
		}
		for _, off := range strings.Split(f.Remedy, "write recover ")[1:] {
			t.Ways = maps.Clone(t.Ways)
			delete(t.Ways, lint.Goal(strings.Fields(off)[0]))
		}
	}
	all := map[lint.Goal][]lint.Way{}
	for goal, ways := range t.Ways {
		for _, w := range ways {
			if others, ok := instead[w.Line]; ok && w.Line != "" {
				all[goal] = append(all[goal], others...)
			} else {
				all[goal] = append(all[goal], w)
			}
			if w.Line != "" {
				all[goal] = append(all[goal], below[w.Line]...)
			}
		}
	}
	for goal, ways := range t.Idle {
		for _, w := range ways {
			if sendable(w, t.Channels) {
				all[goal] = append(all[goal], w)
			}
		}
	}
	t.Ways = all
	return t
}

// remedyCase is a policy and all that is said of it.
type remedyCase struct {
	name, policy, channels string
	want                   []string
}

func remedyCases() []remedyCase {
	const onlyBoth = "they have only the ways of recover both"
	mended := func(way, more string) string { return "; write instead of C:1:\n\t" + way + more }
	below := func(who, way string) string {
		return "C:1: recover password: no way is for accounts " + who + ": " + onlyBoth + "; write below C:1:\n\t" + way
	}
	weakOK := "; weak_ok at the end of its line accepts it, if that is meant"
	return []remedyCase{
		{"mail resets the password", "password: mail_link @C:1", "mail", []string{
			`C:1: recover password: the way "mail_link" and recover second_factor: the default way "mail_link password wait 24h" together let ` +
				`whoever holds mailbox, after 96h, take over an account that signs in with password + authenticator ` +
				`(that counts as 1 thing, a login takes 2)` + weakOK + mended("way mail_link factor", ""),
			below("without a second factor", "way mail_link without_factor"),
		}},
		{"mail resets the password, both kinds", "password: mail_link factor @C:1\npassword: mail_link without_factor @C:2", "mail", nil},
		{"only without a factor", "password: mail_link without_factor @C:1", "mail", []string{below("with a second factor", "way mail_link factor")}},
		{"only with a factor", "password: recovery_code factor @C:1", "mail", []string{below("without a second factor", "way recovery_code without_factor")}},
		{"mailbox for the factor", "second_factor: mail_link @C:1", "mail", []string{
			`C:1: recover second_factor: the way "mail_link" lets whoever holds mailbox take over an account that signs in with ` +
				`password + authenticator (that counts as nothing that only its owner has, a login takes 1 such thing)` +
				weakOK + mended("way mail_link password wait 24h", ""),
		}},
		{"mailbox for both", "both: mail_link @C:1", "mail", []string{
			`C:1: recover both: the way "mail_link" lets whoever holds mailbox take over an account that signs in with ` +
				`password + authenticator (that counts as nothing that only its owner has, a login takes 1 such thing)` +
				weakOK + mended("way mail_link recovery_code", ""),
		}},
		{"six digits", "password: mail_code without_factor @C:1\npassword: recovery_code factor @C:2", "mail", []string{
			`C:1: recover password: the way "mail_code" rests on six digits alone` + mended("way mail_link without_factor", ""),
		}},
		{"twice", "both: rescue @C:1\nboth: rescue @C:2", "mail", []string{`C:2: recover both: the way "rescue" is there twice; take C:2 out`}},
		{"no mail", "second_factor: mail_link recovery_code @C:1", "", []string{
			`C:1: recover second_factor: the way "mail_link recovery_code" cannot be walked: nothing sends mail; add notify smtp HOST:PORT`,
		}},
		{"no mail, and then weak", "second_factor: mail_link @C:1", "", []string{
			`C:1: recover second_factor: the way "mail_link" cannot be walked: nothing sends mail; add notify smtp HOST:PORT` +
				mended("way mail_link password wait 24h", ""),
		}},
		{"nothing mends it, and it is the only one of its block", "second_factor: mail_code @C:1\nsecond_factor: mail_link wait 24h @C:2\npassword: mail_link @C:3", "mail", []string{
			`C:1: recover second_factor: the way "mail_code" rests on six digits alone` + mended("way mail_code password wait 24h", ""),
			`C:1: recover second_factor: the way "mail_code" lets whoever holds mailbox take over an account that signs in with ` +
				`password + authenticator (that counts as nothing that only its owner has, a login takes 1 such thing)` +
				weakOK + mended("way mail_code password wait 24h", ""),
			`C:3, C:2: recover password: the way "mail_link" and recover second_factor: the way "mail_link wait 24h" together let ` +
				`whoever holds mailbox, after 24h, take over an account that signs in with password + authenticator ` +
				`(that counts as 1 thing, a login takes 2); nothing was found that mends it: write recover password off instead of its block; take C:2 out`,
			"C:3: recover password: no way is for accounts without a second factor: " + onlyBoth + "; add one",
		}},
		{"nobody hears the wait", "both: recovery_code mail_link wait 24h @C:1", "mail", nil},
		{"nothing in both either", "password: mail_link factor @C:1\nboth: recovery_code factor @C:2", "mail", []string{
			"C:1: recover password: no way is for accounts without a second factor: they cannot get it back; write below C:1:\n\tway mail_link without_factor",
		}},
	}
}

func TestRemedies(t *testing.T) {
	recoverytest.Alone(t)
	for _, tc := range remedyCases() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			table := small(tc.policy, tc.channels)
			findings := lint.Judge(table)
			var got []string
			for _, f := range findings {
				if f.Severity != lint.Note {
					got = append(got, f.String())
				}
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got\n%q\nwant\n%q", got, tc.want)
			}
			pasted := paste(table, findings)
			if left := lint.Judge(pasted); lint.Refused(left) != nil || slices.ContainsFunc(left, func(f lint.Finding) bool { return f.Key == lint.KeyNoWay }) {
				t.Errorf("pasted: got %v, want nothing", left)
			}
		})
	}
}

// TestRemediesLoad: whatever is written, what is advised loads.
func TestRemediesLoad(t *testing.T) {
	recoverytest.Alone(t)
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		channels := rapid.SampledFrom([]string{"mail", "mail sms", ""}).Draw(t, "channels")
		words := []string{"mail_link", "mail_code", "sms_code", "password", "recovery_code", "factor", "totp", "admin", "contact*2"}
		var text strings.Builder
		line := 0
		for _, goal := range rapid.SliceOfNDistinct(rapid.SampledFrom(lint.Goals()), 1, 3, rapid.ID[lint.Goal]).Draw(t, "goals") {
			for range rapid.IntRange(1, 2).Draw(t, string(goal)) {
				w := drawWay(t, goal, words)
				line++
				fmt.Fprintf(&text, "%s: %s%s @C:%d\n", goal, w, map[bool]string{true: " without_factor"}[w.WithoutFactor], line)
			}
		}
		table := small(text.String(), channels)
		findings := lint.Judge(table)
		pasted := paste(table, findings)
		if err := lint.Refused(lint.Judge(pasted)); err != nil {
			t.Fatalf("%v\npasted: %v", lint.Refused(findings), err)
		}
	})
}
