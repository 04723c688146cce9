package recovery

import (
	"slices"
	"time"
)

// admittedFor is how long a browser that was let in changes nothing and lets
// nobody in (DV-05).
const admittedFor = 24 * time.Hour

// Ages of a browser from which on it lets others in (DV-03); that of an account
// that is younger than a day is shorter, or nobody could begin.
const (
	approverAge      = 24 * time.Hour
	youngApproverAge = time.Hour
	approverSeen     = 30 * 24 * time.Hour
)

// Known tells whether the browser is one that the account has signed in on by
// its own proofs.
func (d *Device) Known(now time.Time) bool { return d != nil && !now.Before(d.Admitted) }

// AdmittedUntil is until when a session is that of a browser that another one let
// in; in the past or zero: it is not. Where the row of the browser is gone the
// session says so itself.
func (a *Account) AdmittedUntil(s *Session, now time.Time) time.Time {
	if s == nil {
		return time.Time{}
	}
	if d := a.deviceByID(s.Device); d != nil {
		return ahead(d.Admitted, now)
	}
	if s.letIn() {
		return ahead(s.Created.Add(admittedFor), now)
	}
	return time.Time{}
}

// OnProbation is until when a session of the account changes nothing; zero: it
// may.
func (a *Account) OnProbation(s *Session, now time.Time) time.Time {
	until := ahead(a.Probation, now)
	if admitted := a.AdmittedUntil(s, now); admitted.After(until) {
		return admitted
	}
	return until
}

// ahead is a time that is still to come, else zero.
func ahead(t, now time.Time) time.Time {
	if now.Before(t) {
		return t
	}
	return time.Time{}
}

// letIn tells whether another browser let this one in.
func (s *Session) letIn() bool {
	return slices.ContainsFunc(s.Proofs, func(p Proof) bool { return p.Method == OtherDevice })
}

func (a *Account) deviceByID(id string) *Device {
	i := slices.IndexFunc(a.Devices, func(d Device) bool { return d.ID == id })
	if i < 0 || id == "" {
		return nil
	}
	return &a.Devices[i]
}

// LetsIn tells why the browser of a session may not let others in; empty: it
// may. It is a right of the browser and not of the age of its session, so that
// one may sign in there first (DV-03).
func (a *Account) LetsIn(s *Session, now time.Time) string {
	switch {
	case s == nil || s.Near:
		return ProblemFlowExpired
	case now.Before(a.Probation):
		return ProblemProbation
	case !a.AdmittedUntil(s, now).IsZero():
		return ProblemAdmitted
	case !a.oldEnough(a.deviceByID(s.Device), now):
		return ProblemDeviceYoung
	}
	return ""
}

// oldEnough tells whether the account has known a browser for a day, or for an
// hour where it is younger than that itself, and not only since a recovery of
// the last day.
func (a *Account) oldEnough(d *Device, now time.Time) bool {
	if d == nil || d.First.IsZero() || a.State != StateActive {
		return false
	}
	age := approverAge
	if now.Sub(a.Created) < approverAge {
		age = youngApproverAge
	}
	recovered := now.Before(a.Recovered.Add(admittedFor)) && !d.First.Before(a.Recovered)
	return !now.Before(d.First.Add(age)) && !recovered
}

// Approver tells whether the account has a browser beside one of its own that
// could let another in, after a sign-in there.
func (a *Account) Approver(beside *Device, now time.Time) bool {
	if now.Before(a.Probation) {
		return false
	}
	return slices.ContainsFunc(a.Devices, func(d Device) bool {
		own := beside != nil && beside.ID == d.ID
		return !own && a.approves(&d, now)
	})
}

// approves tells whether a browser could let others in, after a sign-in there.
func (a *Account) approves(d *Device, now time.Time) bool {
	return d.Known(now) && a.oldEnough(d, now) && now.Before(d.Seen.Add(approverSeen))
}
