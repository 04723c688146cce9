package method

import (
	"context"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Device is the proof that another browser of the same account let this one in.
// There its owner has typed the number that this one shows, and proved who they
// are. It proves that somebody sits before that browser, and in a way back what was
// shown there says for which goal it counts.
type Device struct{}

// Traits implements recovery.Method.
func (Device) Traits() recovery.Traits {
	return recovery.Traits{
		Name: recovery.OtherDevice, Source: recovery.OtherDevice, Class: recovery.ClassIssued,
		First: true, Throttle: recovery.ThrottlePatience, Page: recovery.PageDeviceWait, Wrong: recovery.ProblemDeviceWaiting,
	}
}

// Ready implements recovery.Method.
func (Device) Ready(a *recovery.Account, now time.Time) bool { return a.Approver(nil, now) }

// AskedPage implements recovery.ByBrowser.
func (Device) AskedPage() string { return recovery.PageDeviceWait }

// Verify implements recovery.Method.
func (Device) Verify(_ context.Context, t recovery.Try) (recovery.Verdict, error) {
	if t.Admission == nil {
		return recovery.Verdict{}, nil
	}
	return recovery.Verdict{OK: true, Factor: t.Admission.Factor, There: t.Admission.There, By: t.Admission.By}, nil
}
