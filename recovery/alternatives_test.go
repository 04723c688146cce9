package recovery_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/recoverytest"
)

func TestPathsSayWhatAWayNeeds(t *testing.T) {
	policy := recovery.Default()
	policy.Ways = map[recovery.Goal][]recovery.Way{
		recovery.GoalPassword: {
			{Proofs: []string{recovery.MailLink, recovery.Factor}},
			{Proofs: []string{recovery.MailLink, recovery.RecoveryCode, recovery.SMSCode}},
			{Proofs: []string{recovery.SMSCode, recovery.MailLink}, Wait: 48 * time.Hour},
		},
	}
	full := recoverytest.Account(recovery.Password, recovery.TOTP, recovery.RecoveryCode)
	full.Devices = []recovery.Device{{ID: "d", Seen: noon, Paged: noon}} // hears of a wait
	full.Sessions = []recovery.Session{{Device: "d", Generation: full.Generation, Seen: noon, Idle: 3600, End: noon.Add(time.Hour)}}
	waited := recoverytest.Account(recovery.Password, recovery.TOTP, recovery.RecoveryCode)
	waited.Devices, waited.Sessions = full.Devices, full.Sessions
	waited.Waits = []recovery.Wait{{Goal: recovery.GoalPassword, Way: []string{recovery.MailLink, recovery.SMSCode}, Ready: noon, Until: noon.Add(time.Hour)}}
	alone := recoverytest.Account(recovery.Password, recovery.TOTP)

	for _, tc := range []struct {
		name    string
		account *recovery.Account
		proofs  []recovery.Proof
		want    []recovery.Alternative
	}{
		{"nothing shown: no more than the policy says", full, nil, []recovery.Alternative{{Method: recovery.RecoveryCode}}},
		{"what each needs and how long it waits", full, shown(recovery.MailLink), []recovery.Alternative{
			{Method: recovery.RecoveryCode, Then: []string{recovery.SMSCode}}, {Method: recovery.SMSCode, Wait: 48 * time.Hour, Then: []string{}},
		}},
		{"a wait that is over", waited, shown(recovery.MailLink), []recovery.Alternative{
			{Method: recovery.RecoveryCode, Then: []string{recovery.SMSCode}}, {Method: recovery.SMSCode, Then: []string{}},
		}},
		{"only the wait is missing", full, shown(recovery.MailLink, recovery.SMSCode), []recovery.Alternative{
			{Method: recovery.TOTP, Then: []string{}}, {Method: "wait", Wait: 48 * time.Hour},
		}},
		{"a way that cannot be walked", alone, shown(recovery.MailLink), []recovery.Alternative{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := recovery.Facts{
				Flow: &recovery.Flow{Kind: recovery.KindRecover, Proofs: tc.proofs}, Account: tc.account,
				Policy: policy, Methods: method.All(method.Set{Has: everything}), Now: noon,
			}
			got := recovery.Alternatives(recoverytest.Planned(f), recoverytest.Next(f))
			if len(got) == 0 && len(tc.want) == 0 {
				return
			}
			if !reflect.DeepEqual(got, tc.want) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
}
