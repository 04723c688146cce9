package method

import (
	"context"
	"encoding/json"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// InPerson is a case whose code is shown once to an administrator, who hands it
// over, because it cannot be mailed or the operator wants it so (AD-04). It
// begins a recovery like any ticket ([recovery.Ticket]) and is never asked for
// in one. Its enrolment is the administrator's "I have written it down".
type InPerson struct{}

// caseSize is 80 bits: it may come first and is typed by hand.
const caseSize = 16

// Traits implements recovery.Method.
func (InPerson) Traits() recovery.Traits {
	return recovery.Traits{
		Name: recovery.AdminInPerson, Source: recovery.AdminInPerson, Class: recovery.ClassAuthority,
		Throttle: recovery.ThrottleSecret, Page: recovery.PageConfirm,
	}
}

// Ready implements recovery.Method: no form asks for it.
func (InPerson) Ready(*recovery.Account, time.Time) bool { return false }

// Verify implements recovery.Method and proves nothing.
func (InPerson) Verify(context.Context, recovery.Try) (recovery.Verdict, error) {
	return recovery.Verdict{}, nil
}

// EnrollPage implements recovery.Enroller.
func (InPerson) EnrollPage() string { return recovery.PageConfirm }

// Offer implements recovery.Enroller: the code, readable in the sealed flow
// until the step is left.
func (InPerson) Offer(recovery.Try) (json.RawMessage, error) { return pack(secret.Code(caseSize)), nil }

// Confirm implements recovery.Enroller: "I have written it down"
// (choice=saved). Nobody can use the code before.
func (InPerson) Confirm(_ context.Context, t recovery.Try, offered json.RawMessage) (json.RawMessage, *recovery.Problem, error) {
	if Handed(offered) == "" {
		return nil, &recovery.Problem{Key: recovery.ProblemFlowExpired}, nil
	}
	if t.Input.Choice != "saved" {
		return nil, &recovery.Problem{Key: recovery.ProblemMissing}, nil
	}
	return offered, nil, nil
}

// Handed is the code the administrator is shown, grouped; empty when there is
// none.
func Handed(offered json.RawMessage) string {
	var code string
	if json.Unmarshal(offered, &code) != nil {
		return ""
	}
	return secret.Group(code, 4)
}
