package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/lint"
)

// TestPasskeysArePlaced holds that what a thing is worth to a thief, and what its
// loss takes from its owner, follow from where the passkeys of the account are.
func TestPasskeysArePlaced(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, traits string
		stolen       string // single things that are enough
		lost         string // of the phone
	}{
		{"on a security key", "on_key", "password manager, mailbox with codes", "signs in"},
		{"nobody said where", "", "password manager, mailbox with codes", "signs in"},
		{"on the phone", "on_phone", "unlocked phone, password manager, mailbox with codes", "signs in, passkey gone"},
		{"on the laptop", "on_laptop", "unlocked laptop, password manager, mailbox with codes, signed-in laptop", "signs in"},
		{"synced", "synced", "unlocked phone, unlocked laptop, cloud account that syncs passkeys, password manager, password manager with every factor, mailbox with codes", "signs in, passkey spared"},
		{"on the phone, and another on a security key", "on_phone on_key", "unlocked phone, password manager, mailbox with codes", "signs in, passkey gone"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := lint.Having("passkey", "verified", "recovery_code", "mail").With(strings.Fields(tc.traits)...)
			var stolen []string
			for _, r := range lint.Warnings(defaults(), s) {
				if len(r.Objects) == 1 {
					stolen = append(stolen, r.Objects[0])
				}
			}
			if got := strings.Join(stolen, ", "); got != tc.stolen {
				t.Errorf("got  %s\nwant %s", got, tc.stolen)
			}
			if got := lossOf(lint.Forecast(defaults(), s.With("device", "sms")), "phone"); got != tc.lost {
				t.Errorf("got a lost phone: %s, want %s", got, tc.lost)
			}
		})
	}
}

// lossOf says what becomes of who loses an object, and of the passkey there.
func lossOf(list []lint.Loss, object string) string {
	i := slices.IndexFunc(list, func(l lint.Loss) bool { return l.Object == object })
	if i < 0 {
		return "nothing"
	}
	out := "locked out"
	switch l := list[i]; {
	case l.SignsIn:
		out = "signs in"
	case l.Alone:
		out = "gets back in"
	}
	for _, p := range list[i].Spared {
		out += ", " + p + " spared"
	}
	for _, p := range list[i].Gone {
		out += ", " + p + " gone"
	}
	return out
}

// TestTheLastPasskeyIsMissed: without a password to fall back on, what is left
// decides.
func TestTheLastPasskeyIsMissed(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ shape, object, want string }{
		{"on_phone", "phone", "locked out, passkey gone"},
		{"synced", "phone", "signs in, passkey spared"},
		{"synced", "cloud account", "locked out, passkey gone"},
		{"synced on_key", "cloud account", "signs in, passkey gone"},
		{"on_key", "security key", "locked out, passkey gone"},
	} {
		s := lint.Having("passkey", "verified").With(strings.Fields(tc.shape)...)
		if got := lossOf(lint.Forecast(lint.Base(), s), tc.object); got != tc.want {
			t.Errorf("%s lost, passkey %s: got %s, want %s", tc.object, tc.shape, got, tc.want)
		}
	}
}

// TestAVerifiedPasskeyIsTwoForTheLoginOnly: what a passkey has checked is looked at
// by the login, and by no way back: there it is one thing.
func TestAVerifiedPasskeyIsTwoForTheLoginOnly(t *testing.T) {
	t.Parallel()
	table := policy("second_factor: passkey")
	i := slices.IndexFunc(table.Login, func(l lint.SignIn) bool { return l.Verified })
	table.Login[i].Proofs = []string{"passkey", "recovery_code"}
	sets := lint.Analyze(table, lint.Having("passkey", "verified", "totp", "recovery_code")).Sets
	alone := slices.IndexFunc(sets, func(x lint.Takeover) bool { return slices.Equal(x.Sources, []string{"passkey"}) })
	if alone < 0 || sets[alone].Count != 1 || !sets[alone].Weaker {
		t.Errorf("got %+v, want the passkey alone to be one thing, and weaker than the login", sets)
	}
	if got := lint.Analyze(lint.Base(), lint.Having("passkey", "verified")).Login; got.Held != 1 || got.Count != 2 {
		t.Errorf("got a login of %+v, want one held thing that counts twice", got)
	}
}

// TestWithoutAPasswordNothingIsWeaker: a password that is not there is one thing
// less to steal, and one thing less to show.
func TestWithoutAPasswordNothingIsWeaker(t *testing.T) {
	t.Parallel()
	s := lint.Having("passkey", "verified", "synced", "no_password", "recovery_code", "mail", "sms", "device")
	if got, want := s.String(), "passkey that syncs, codes, mail, phone, device"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := sets(lint.Analyze(defaults(), s).Sets), "passkey recovery_code+device recovery_code+mail"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for _, object := range []string{"phone", "laptop", "mailbox", "paper"} {
		if loss := lossOf(lint.Forecast(defaults(), s), object); !strings.HasPrefix(loss, "signs in") {
			t.Errorf("%s lost: got %s", object, loss)
		}
	}
	if loss := lossOf(lint.Forecast(defaults(), s), "cloud account"); loss != "gets back in, passkey gone" {
		t.Errorf("got %s", loss)
	}
	if loss := lossOf(lint.Forecast(defaults(), s), "password"); loss != "nothing" {
		t.Errorf("got %s, want no password to lose", loss)
	}
}
