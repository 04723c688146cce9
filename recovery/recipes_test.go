package recovery_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/lint"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

// A kind of flow that was forgotten somewhere shows here, not on the day
// somebody walks it.
func TestEveryRecipeIsWhole(t *testing.T) {
	texts, chapters := localeFiles(t), drawn()
	changes := map[string]bool{}
	for _, c := range lint.Base().Changes {
		changes[c.Name] = true
	}
	for _, r := range recovery.Recipes() {
		t.Run(string(r.Kind), func(t *testing.T) {
			if len(r.Needs) == 0 {
				t.Error("needs nothing: whoever begins it has finished it")
			}
			if !r.Anyone && !r.SignedIn && len(r.Tickets) == 0 && r.Typed == "" {
				t.Error("nothing begins it")
			}
			if !r.SignedIn && len(r.States) == 0 {
				t.Error("is for accounts in no state, so it never begins")
			}
			if !slices.Contains(chapters, r.Kind) {
				t.Errorf("has no chapter in %s: add one in chapters", flowsFile)
			}
			for file, keys := range texts {
				for _, said := range r.After.Says {
					if !keys["notice."+said] {
						t.Errorf("%s has no text for notice.%s", file, said)
					}
				}
			}
			if r.After.To != recovery.ToReturn && len(r.After.Says) == 0 {
				t.Error("leads to a page of ours and says nothing there")
			}
			if r.Change != "" && !changes[r.Change] {
				t.Errorf("the lint has no change %q", r.Change)
			}
			if gives(r) != (r.Change != "") && excused()[r.Kind] == "" {
				t.Errorf("gives a proof: %v, its change in the lint: %q", gives(r), r.Change)
			}
		})
	}
}

// excused are kinds that write a proof into the account and are no change of
// the lint, and why.
func excused() map[recovery.Kind]string {
	return map[recovery.Kind]string{
		recovery.KindChangePassword: "asks for the password that it replaces, and for the factor",
		recovery.KindRecover:        "its ways are the table itself",
		recovery.KindLogin:          "asks for the password that it replaces, and for the factor",
		recovery.KindTemporary:      "its ways are those of the password in the table",
		recovery.KindSetup:          "there is no account before it",
		recovery.KindActivate:       "there is nothing in the account before it",
		recovery.KindJoin:           "there is no account before it",
		recovery.KindConfirmMail:    "makes a proof of the address that is there, by what came back from it",
		recovery.KindConfirmPhone:   "the same of the number",
	}
}

// gives tells whether the end of a flow puts something into the account that
// can be a proof later.
func gives(r recovery.Recipe) bool {
	before := recoverytest.Account(recovery.Password, recovery.TOTP, recovery.RecoveryCode)
	after := before.Clone()
	flow := &recovery.Flow{
		Kind: r.Kind, Goal: recovery.GoalBoth, Person: "r", PersonName: "robin", Mail: "new@example.org", Pending: map[string]recovery.Pending{},
	}
	methods := method.All(method.Set{})
	for _, name := range methods.Names() {
		flow.Pending[name] = recovery.Pending{Data: json.RawMessage(`{"new":true}`), Confirmed: true}
	}
	end := recovery.End{Flow: flow, Recipe: &r, Policy: recovery.Default(), Methods: methods, Now: noon, CredentialID: "c"}
	if _, err := end.Apply(after); err != nil {
		return false
	}
	return !reflect.DeepEqual(before.Credentials, after.Credentials) || !reflect.DeepEqual(before.Addresses, after.Addresses) ||
		!reflect.DeepEqual(before.TrustedContacts, after.TrustedContacts)
}

// TestOnlyNewAccountsSignInByALink: what else a link begins is to be shown
// to work at the sign-in page.
func TestOnlyNewAccountsSignInByALink(t *testing.T) {
	for _, r := range recovery.Recipes() {
		if len(r.Tickets) == 0 {
			continue
		}
		a := &recovery.Account{State: recovery.StateFrozen, SecondFactor: true, Credentials: recoverytest.Account(recovery.Password, recovery.TOTP).Credentials}
		flow := &recovery.Flow{Kind: r.Kind, Goal: recovery.GoalBoth, Remember: true, Trust: true}
		end := recovery.End{Flow: flow, Recipe: &r, Policy: recovery.Default(), Methods: method.All(method.Set{}), Now: noon, Session: "s", Device: "d", DeviceID: "d"}
		eff, err := end.Apply(a)
		if err != nil {
			t.Fatal(err)
		}
		if want := r.Kind == recovery.KindSetup || r.Kind == recovery.KindActivate || r.Kind == recovery.KindJoin; eff.Session != want || eff.Keep || eff.Trusted {
			t.Errorf("%s: got a session %v, kept %v, trusted %v, want %v, false, false", r.Kind, eff.Session, eff.Keep, eff.Trusted, want)
		}
	}
}

// localeFiles has the keys of each language.
func localeFiles(t *testing.T) map[string]map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../templates/locales/*.json")
	if err != nil || len(files) < 2 {
		t.Fatalf("got %q, %v: want the files of every language", files, err)
	}
	out := map[string]map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var keys map[string]any
		if err := json.NewDecoder(bytes.NewReader(text)).Decode(&keys); err != nil {
			t.Fatal(err)
		}
		out[file] = map[string]bool{}
		for key := range keys {
			name, _, _ := strings.Cut(key, "#")
			out[file][name] = true
		}
	}
	return out
}

// drawn lists the kinds that have a chapter.
func drawn() []recovery.Kind {
	var out []recovery.Kind
	for _, c := range chapters() {
		out = append(out, c.kind)
	}
	return out
}

// Every kind of flow is drawn, and nothing else.
func TestFlowsHasEveryKind(t *testing.T) {
	var want []string
	for _, r := range recovery.Recipes() {
		want = append(want, string(r.Kind))
	}
	var got []string
	for _, c := range chapters() {
		got = append(got, string(c.kind))
	}
	slices.Sort(want)
	slices.Sort(got)
	if got = slices.Compact(got); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
