package web

import (
	"cmp"
	"encoding/json"
	"html/template"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/templates"
)

// enrolments has a line for each method that can be enrolled: the page of that,
// with what is to be seen once.
func enrolments() map[string]fill {
	return map[string]fill{
		recovery.Password:         step.newPassword,
		recovery.PIN:              step.newPIN,
		recovery.SecurityQuestion: step.newQuestion,
		recovery.TOTP:             step.newApp,
		recovery.Passkey:          step.newPasskey,
		recovery.RecoveryCode:     step.newCodes,
		recovery.AdminInPerson:    step.handOver,
	}
}

// offered is what the method has made for this enrolment.
func (s step) offered() json.RawMessage { return s.Flow.Pending[s.Step.Method].Data }

func (s step) newPassword() templates.Content {
	c := templates.NewPasswordPage{Method: s.Step.Method, Name: s.name(), MinLength: method.Minimum(s.Account, s.Flow)}
	c.First = s.Account != nil && s.Account.Credential(recovery.Password) == nil
	c.Alone = s.Flow.Chosen == recovery.Later
	c.Longer = c.Alone && (!c.First || s.Flow.Pending[s.Step.Method].Confirmed)
	if s.Flow.Goal != recovery.GoalSecondFactor && s.Flow.Goal != recovery.GoalBoth {
		c.Keys = s.keysSuspended() // after the others the codes come
	}
	return c
}

// keysSuspended are the names of the access keys that a recovery suspends, for its
// last page: each is switched on again by its owner.
func (s step) keysSuspended() []string {
	if s.Account == nil || !s.replaces() {
		return nil
	}
	var names []string
	for _, k := range s.Account.AccessKeys {
		if k.End.IsZero() || s.Engine.Now().Before(k.End) {
			names = append(names, k.Name)
		}
	}
	return names
}

func (s step) newPIN() templates.Content { return templates.NewPasswordPage{Method: s.Step.Method} }

func (s step) newQuestion() templates.Content {
	c := templates.NewPasswordPage{Method: s.Step.Method, Questions: method.Questions()}
	if s.Account != nil {
		c.Question = cmp.Or(s.in.Choice, method.QuestionOf(s.Account))
	}
	return c
}

func (s step) newApp() templates.Content {
	key, uri := method.AuthenticatorKey(s.offered(), s.place(), s.Flow.Name)
	return templates.EnrollPage{Ways: s.ways(), Choice: string(s.Flow.Goal), Key: secret.Group(key, 4), URI: uri, QR: qrOrNothing(uri)}
}

func qrOrNothing(content string) template.HTML {
	svg, err := qrSVG(content)
	if err != nil {
		return "" // it stands beside it as text
	}
	return svg
}

func (s step) newCodes() templates.Content {
	c := templates.CodesPage{Codes: method.Shown(s.offered())}
	if s.Flow.Session != "" && s.Account != nil {
		c.Others, c.Old = len(s.Account.Sessions) > 1, s.Account.Credential(recovery.RecoveryCode) != nil || s.Account.OldCodes != nil
	}
	if s.Account != nil && s.replaces() {
		c.Gone = s.passkeysGone()
	}
	c.Keys = s.keysSuspended()
	return c
}

// handOver shows an administrator a code to be handed over, and whether it is
// for another administrator, for whom it counts after a day only.
func (s step) handOver() templates.Content {
	c := templates.ConfirmPage{
		Ways: s.ways(), Code: method.Handed(s.offered()), Wait: s.Engine.Policy.Lifetimes.Case,
		Person: &templates.Person{ID: s.Flow.Person, Name: s.Flow.PersonName},
	}
	if who, err := s.Engine.Person(s.r.Context(), s.Flow.Person); err == nil {
		c.Person.Admin = who.Admin()
	}
	return c
}
