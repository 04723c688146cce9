package engine_test

import (
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// free lets everybody but administrators and the staff go without a second factor.
func free(p *recovery.Policy) { p.FactorFor = []string{recovery.GroupAdmins, "staff"} }

// invited opens the invitation of a new account, robin's.
func invited(w *recoverytest.World, groups ...string) *visitor {
	w.TB.Helper()
	_, token, err := w.Engine.AddUser(w.TB.Context(), recovery.NewAccount{Name: "robin", Mail: "robin@example.org", Groups: groups})
	if err != nil {
		w.TB.Fatal(err)
	}
	return visit(w).begin(recovery.Input{Code: secret.Text(token)})
}

// goesWithout accepts an invitation and makes no second factor.
func (v *visitor) goesWithout() *visitor {
	v.TB.Helper()
	v.pick(recovery.Later).wants(recovery.Password).post(recovery.Input{NewPassword: robinsPassword})
	v.wants(recovery.ConfirmMail).code(v.Outbox.Take(v.TB, "robin@example.org", "contact-code").Vars["code"])
	return v.keepsCodes(recovery.KindActivate)
}

// TestMF13_OnlyWhoMayGoesWithoutASecondFactor: "later" is a choice of those the
// policy leaves it to, and no other form is taken for it.
func TestMF13_OnlyWhoMayGoesWithoutASecondFactor(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		edit   func(*recovery.Policy)
		groups []string
		may    bool
	}{
		{"everybody must", func(*recovery.Policy) {}, nil, false},
		{"an administrator", free, []string{recovery.GroupAdmins}, false},
		{"an administrator, and staff must", func(p *recovery.Policy) { p.FactorFor = []string{"staff"} }, []string{recovery.GroupAdmins}, false},
		{"staff", free, []string{"family", "staff"}, false},
		{"family", free, []string{"family"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := recoverytest.New(t, recoverytest.WithPolicy(tt.edit))
			v := invited(w, tt.groups...)
			if tt.may {
				if a := v.goesWithout().account(); a.SecondFactor || a.Credential(recovery.RecoveryCode) == nil {
					t.Errorf("got %+v, want no second factor, and codes", a)
				}
				return
			}
			v.wants(recovery.Password).pick(recovery.Later).refused(recovery.ProblemNotAvailable)
			v.at.Problem = nil
			v.post(recovery.Input{NewPassword: robinsPassword}).wants(recovery.ConfirmMail).post(recovery.Input{Choice: recovery.ChoiceSkip})
			v.wants(recovery.TOTP).pick(recovery.Later).refused(recovery.ProblemNotAvailable)
			v.post(recovery.Input{Choice: recovery.ChoiceSkip}).refused("missing_field")
			v.at.Problem = nil
			if v.enrolsApp(recovery.KindActivate); !v.account().SecondFactor {
				t.Error("the account does not know that it has a second factor")
			}
		})
	}
}

// TestMF13_LaterIsOverWhenThePolicyIs: where everybody must have one since, what was
// chosen before counts no more.
func TestMF13_LaterIsOverWhenThePolicyIs(t *testing.T) {
	t.Parallel()
	w := recoverytest.New(t, recoverytest.WithPolicy(free))
	v := invited(w)
	v.pick(recovery.Later).wants(recovery.Password).post(recovery.Input{NewPassword: robinsPassword}).wants(recovery.ConfirmMail)
	w.Policy.FactorFor = nil
	v.post(recovery.Input{Choice: recovery.ChoiceSkip})
	if v.enrolsApp(recovery.KindActivate); !v.account().SecondFactor {
		t.Error("the account does not know that it has a second factor")
	}
}

// TestThePasswordFitsWhatStandsBesideIt: without a second factor it has 15
// characters, whether that was chosen before or after, and a longer one is not asked
// for again.
func TestIN01_ThePasswordFitsWhatStandsBesideIt(t *testing.T) {
	t.Parallel()
	const short = "elmyfish9 anew" // 14 characters
	w := recoverytest.New(t, recoverytest.WithPolicy(free), recoverytest.WithChannels())
	v := invited(w)
	v.pick(recovery.Later).wants(recovery.Password).post(recovery.Input{NewPassword: short}).refused(recovery.ProblemShort)

	v = v.again(w).pick(recovery.TOTP).wants(recovery.Password).post(recovery.Input{NewPassword: short}).wants(recovery.TOTP)
	v.pick(recovery.Later).wants(recovery.Password).post(recovery.Input{NewPassword: short}).refused(recovery.ProblemShort)
	v.at.Problem = nil
	v.post(recovery.Input{NewPassword: short + "x"}).keepsCodes(recovery.KindActivate)
}

// again opens a new invitation.
func (v *visitor) again(w *recoverytest.World) *visitor {
	v.TB.Helper()
	token, err := w.Engine.Invite(w.TB.Context(), v.account())
	if err != nil {
		w.TB.Fatal(err)
	}
	return visit(w).begin(recovery.Input{Code: secret.Text(token)})
}
