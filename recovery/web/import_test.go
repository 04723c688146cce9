package web_test

import (
	"encoding/base32"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"golang.org/x/crypto/bcrypt"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/recovery/foreign"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// fileOf is a users_database.yml, and the authenticators that belong to it.
func fileOf(t *testing.T, n int) (users, authenticators string) {
	t.Helper()
	var file, list strings.Builder
	file.WriteString("users:\n")
	list.WriteString("issuer,username,algorithm,digits,period,secret\n")
	for i := range n {
		hash, err := bcrypt.GenerateFromPassword([]byte(passwordOf(i)), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&file, "  user%d:\n    displayname: User %d\n    password: '%s'\n    email: user%d@example.org\n    groups: [family]\n", i, i, hash, i)
		kind := []string{"SHA1,6,30", "SHA256,6,30", "SHA512,8,60"}[i%3]
		fmt.Fprintf(&list, "Authelia,user%d,%s,%s\n", i, kind, secretOf(i))
	}
	return file.String(), list.String()
}

func passwordOf(i int) string { return fmt.Sprintf("p\u00e4sswort %d", i) }

func secretOf(i int) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(fmt.Appendf(nil, "%020d", i))
}

func codeOf(t *testing.T, i int, at time.Time) string {
	t.Helper()
	o := totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}
	switch i % 3 {
	case 1:
		o.Algorithm = otp.AlgorithmSHA256
	case 2:
		o = totp.ValidateOpts{Period: 60, Digits: otp.DigitsEight, Algorithm: otp.AlgorithmSHA512}
	}
	code, err := totp.GenerateCodeCustom(secretOf(i), at, o)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// newcomers are the people of a file as the command makes them.
func newcomers(t *testing.T, w *recoverytest.World, format, text, authenticators string) []recovery.Newcomer {
	t.Helper()
	h := secret.NewHasher(w.Policy.Hash, 0)
	var out []recovery.Newcomer
	for _, f := range foreign.Formats() {
		if f.Name != format {
			continue
		}
		people, err := f.People([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if authenticators != "" {
			list, err := foreign.Authenticators([]byte(authenticators))
			if err != nil {
				t.Fatal(err)
			}
			foreign.Give(people, list)
		}
		for _, p := range people {
			n := recovery.Newcomer{NewAccount: recovery.NewAccount{Name: p.Name, Mail: p.Mail, Groups: p.Groups}, Line: p.Line, Display: p.Display, Disabled: p.Disabled}
			if p.Taken {
				wrapped, err := h.Wrap(t.Context(), p.Foreign, p.Sum)
				if err != nil {
					t.Fatal(err)
				}
				n.Brought = map[string]json.RawMessage{recovery.Password: method.BringPassword(wrapped)}
				if p.TOTP != nil {
					if n.Brought[recovery.TOTP], err = p.TOTP.Data(); err != nil {
						t.Fatal(err)
					}
				}
			}
			out = append(out, n)
		}
	}
	return out
}

func bring(t *testing.T, w *recoverytest.World, list []recovery.Newcomer) map[string]engine.Imported {
	t.Helper()
	done, err := w.Engine.Import(t.Context(), list, false)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]engine.Imported{}
	for _, x := range done {
		out[x.Name] = x
	}
	return out
}

// Everybody of an Authelia signs in with the password and the app of before. The
// first right password replaces the hash, whether or not the factor follows.
func TestImport_PeopleSignInWithTheirOldPasswords(t *testing.T) {
	t.Parallel()
	signInImported(t, 30)
}

func TestSoakImportOfAThousand(t *testing.T) {
	if os.Getenv("SPAREKEY_SOAK") == "" {
		t.Skip("long: make soak runs it")
	}
	signInImported(t, 1000)
}

func signInImported(t *testing.T, n int) {
	t.Helper()
	w, _ := withFactor(t)
	users, authenticators := fileOf(t, n)
	for name, x := range bring(t, w, newcomers(t, w, "authelia", users, authenticators)) {
		if x.Result != engine.ImportedAccount || x.Why != "" {
			t.Fatalf("%s: got %+v", name, x)
		}
	}
	brought := func(i int) bool {
		return secret.Brought(method.Password{}.CostOf(account(t, w, fmt.Sprintf("user%d", i))))
	}
	for i := range n {
		b, name := w.Browser(), fmt.Sprintf("user%d", i)
		b.Get("/").Want("sign-in").Submit("name", name, "password", passwordOf(i)).Want("factor")
		if w.Engine.Later(t.Context()); brought(i) {
			t.Fatalf("%s: the hash of the other program is still there after the right password", name)
		}
		if b.Submit("code", codeOf(t, i, w.Clock.Now())); b.Status != http.StatusOK {
			t.Fatalf("%s: got status %d: %s", name, b.Status, b.Text())
		}
		if i == 0 {
			recode(t, w)
		}
	}
}

// recode signs somebody in a second time, with the code of a later step.
func recode(t *testing.T, w *recoverytest.World) {
	t.Helper()
	b := w.Browser()
	b.Get("/").Submit("name", "user0", "password", passwordOf(0)).Want("factor").Submit("code", codeOf(t, 0, w.Clock.Now())).Want("factor")
	b.Submit("code", codeOf(t, 0, w.Clock.Now().Add(30*time.Second)))
	if b.Status != http.StatusOK {
		t.Fatalf("the next code: got status %d: %s", b.Status, b.Text())
	}
}

// Brought along again, somebody who has signed in keeps what is here, and somebody
// who has not gets what the file says now.
func TestImport_AgainChangesNobodyWhoHasSignedIn(t *testing.T) {
	t.Parallel()
	w, _ := withFactor(t)
	users, authenticators := fileOf(t, 3)
	list := newcomers(t, w, "authelia", users, authenticators)
	bring(t, w, list)
	w.Browser().Get("/").Submit("name", "user0", "password", passwordOf(0)).Want("factor") // the password alone
	w.Engine.Later(t.Context())
	before := account(t, w, "user0")
	if before.DisplayName != "User 0" {
		t.Errorf("got the name %q", before.DisplayName)
	}
	list[1].Groups = []string{"staff"}
	done := bring(t, w, list)
	if done["user0"].Result != engine.ImportedKept || done["user1"].Result != engine.ImportedAgain {
		t.Errorf("got %+v", done)
	}
	if after := account(t, w, "user0"); after.Revision != before.Revision {
		t.Error("an account that was used has been written")
	}
	if got := account(t, w, "user1"); got.Groups[0] != "staff" || !got.Untouched() {
		t.Errorf("got groups %v, untouched %v, want those of the file, and that it may come again", got.Groups, got.Untouched())
	}
	b := w.Browser()
	b.Get("/").Submit("name", "user1", "password", passwordOf(1)).Want("factor").Submit("code", codeOf(t, 1, w.Clock.Now()))
	if b.Status != http.StatusOK {
		t.Errorf("brought along twice: got status %d", b.Status)
	}
}

// What is wrong with one stops no other, and nobody's name, address or group is
// given to two.
func TestImport_NobodyIsMixedUp(t *testing.T) {
	t.Parallel()
	w, alice := withFactor(t)
	gone, _, err := w.Engine.AddUser(t.Context(), recovery.NewAccount{Name: "fred"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Engine.Edit(t.Context(), engine.Shell(), gone.ID, recovery.Edit{Do: recovery.ActionRename, Name: "frederic"}, "married"); err != nil {
		t.Fatal(err)
	}
	w.Clock.Move(time.Hour)
	text := "name,mail,groups,hash,disabled\n" +
		"Alice,other@example.org,,x,\n" + // is here
		"bruno," + alice.Mail + ",,x,\n" + // the address is hers
		"family,,,x,\n" + // the name of a group that comes later
		"clara,clara@example.org,family,x,\n" +
		"dora,dora@example.org,clara,x,\n" + // a group called as a person is
		"admins,,,x,\n" +
		"emil,emil@example.org,,x,yes\n" +
		"not a name,,,x,\n" +
		"fred,,,x,\n" // was somebody's
	list := newcomers(t, w, "csv", text, "")
	tried, err := w.Engine.Import(t.Context(), list, true)
	if err != nil {
		t.Fatal(err)
	}
	done := bring(t, w, list)
	if x := tried[len(tried)-1]; x.Result != engine.ImportedNot {
		t.Errorf("a name that was somebody's: got %+v in a trial", x)
	}
	for name, want := range map[string]string{
		"Alice": engine.ImportedKept, "bruno": engine.ImportedNot, "family": engine.ImportedInvited, "clara": engine.ImportedNot,
		"dora": engine.ImportedInvited, "admins": engine.ImportedNot, "emil": engine.ImportedInvited, "not a name": engine.ImportedNot, "fred": engine.ImportedNot,
	} {
		if got := done[name]; got.Result != want {
			t.Errorf("%s: got %+v, want %s", name, got, want)
		}
	}
	if got := account(t, w, "emil"); got.State != recovery.StateDisabled || got.StateBefore != recovery.StateInvited {
		t.Errorf("emil: got %s before %s, want a disabled account", got.State, got.StateBefore)
	}
	if _, err := w.Engine.Find(t.Context(), "bruno"); err == nil {
		t.Error("bruno is here")
	}
}

// EN-02: while there are hashes of another program, everybody's look costs what
// theirs does, and when the last is gone nobody's.
func TestImport_EqualWork(t *testing.T) {
	t.Parallel()
	w, _ := withFactor(t)
	users, authenticators := fileOf(t, 1)
	bring(t, w, newcomers(t, w, "authelia", users, authenticators))
	costs := w.Engine.Methods.Get(recovery.Password).(recovery.Costed)
	if got := costs.CostOf(account(t, w, "user0")); !strings.HasPrefix(got, "bcrypt:4,") {
		t.Fatalf("got cost %q", got)
	}
	other := w.Node()
	w.Clock.Move(time.Minute)
	if err := other.Engine.HearCosts(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Browser().Get("/").Submit("name", "user0", "password", passwordOf(0)).Want("factor")
	w.Engine.Later(t.Context())
	w.Clock.Move(2 * time.Hour)
	if err := w.Engine.LowerCosts(t.Context()); err != nil {
		t.Fatal(err)
	}
	if left, _, err := kv.Load[[]string](t.Context(), w.Engine.Store, "costs"); err != nil || len(left) != 1 || left[0] != costs.Cost() {
		t.Errorf("the last hash of the other program is gone: got costs %q, %v, want our own alone", left, err)
	}
	if kept, err := w.Engine.Import(t.Context(), newcomers(t, w, "authelia", users, authenticators), true); err != nil || kept[0].Result != engine.ImportedKept {
		t.Errorf("got %+v, %v", kept, err)
	}
}
