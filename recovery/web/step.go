package web

import (
	"cmp"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
	"github.com/caddy-sparekey/sparekey/templates"
)

// step is where a flow stands, while the page of it gets its value.
type step struct {
	*exchange
	recovery.Outcome
	in recovery.Input // the form that is shown again with a problem, else empty
}

// fill makes the value of a page from the step it is for.
type fill func(step) templates.Content

// proofPages has a line for each page that asks for something: what its value
// takes from the step.
func proofPages() map[string]fill {
	return map[string]fill{
		recovery.PageSignIn:     step.signIn,
		recovery.PageRecover:    step.recover,
		recovery.PageSetup:      step.setup,
		recovery.PageActivate:   step.activate,
		recovery.PageFactor:     step.factor,
		recovery.PageSent:       step.mailed,
		recovery.PageChoice:     step.choice,
		recovery.PageConfirm:    step.confirm,
		recovery.PageWait:       step.wait,
		recovery.PageDeviceWait: step.deviceWait,
		recovery.PageDevice:     step.deviceApprove,
		recovery.PageRefused:    step.refused,
		"":                      step.refused,
	}
}

// factors has a line for each method whose form shows more than a field.
func factors() map[string]func(step, *templates.FactorPage) error {
	return map[string]func(step, *templates.FactorPage) error{
		recovery.SecurityQuestion: step.question,
		recovery.VouchedBy:        step.vouchers,
		recovery.Passkey:          step.passkey,
	}
}

// bare cuts the counts off names of methods.
func bare(methods []string) []string {
	var out []string
	for _, m := range methods {
		out = append(out, recovery.Bare(m))
	}
	return out
}

// name is whose flow it is, as far as that was said.
func (s step) name() string { return cmp.Or(s.Flow.Name, s.in.Name) }

// signingIn tells that the flow leads to a session.
func (s step) signingIn() bool {
	recipe := recovery.RecipeOf(s.Engine.Recipes, s.Flow.Kind)
	return recipe != nil && recipe.Opens
}

// replaces tells that what was lost is made new in the flow.
func (s step) replaces() bool {
	recipe := recovery.RecipeOf(s.Engine.Recipes, s.Flow.Kind)
	return recipe != nil && recipe.Replaces
}

// ways are the buttons below a step that lead another way.
func (s step) ways() templates.Ways {
	w := templates.Ways{
		Method: s.asked(), Methods: slices.Clone(s.Step.Methods),
		Resend: s.resent(), Recover: s.signingIn() && s.recoverable(),
	}
	if slices.Contains(w.Methods, recovery.OtherDevice) {
		w.Device = true
		w.Methods = slices.DeleteFunc(w.Methods, func(m string) bool { return m == recovery.OtherDevice })
	}
	return w
}

// asked names what is asked for: a proof, something to enrol, or a question.
func (s step) asked() string {
	if s.Step.Method != "" {
		return recovery.Bare(s.Step.Method)
	}
	return string(s.Step.Ask)
}

// resent names the method whose code can be sent again, as forms do.
func (s step) resent() string {
	if s.sends() {
		return s.Step.Method
	}
	return ""
}

// sends tells whether the method sends a code.
func (s step) sends() bool {
	m, ok := s.Engine.Methods.Get(s.Step.Method).(recovery.Challenger)
	return ok && !s.Step.Enroll && !m.(recovery.Method).Traits().Silent
}

// sent is where a code went, and how many minutes such a code lives. A visitor
// who has not proved anything yet learns nothing about the account (EN-07), nor
// whether anything was sent: the minutes are the policy's for everybody.
func (s step) sent() (hint string, minutes int) {
	if !s.sends() {
		return "", 0
	}
	if s.Account != nil {
		hint = s.Flow.Challenges[s.Step.Method].To
	}
	if m, ok := s.Engine.Methods.Get(s.Step.Method).(recovery.Lasting); ok {
		minutes = int(m.Life(s.Engine.Policy.Lifetimes) / time.Minute)
	}
	return hint, minutes
}

func (s step) signIn() templates.Content {
	c := templates.SignInPage{
		Name: s.name(), Remember: s.signingIn(), Kept: s.in.Remember, Recover: s.signingIn() && s.recoverable(), Closed: s.Step.Dead == recovery.ProblemClosed,
		Passkeys: s.signingIn() && !s.Stored && s.asksPasskeys(),
	}
	if s.Problem != nil && s.Problem.Key == recovery.ProblemPasskeyGone {
		c.Gone = method.PasskeyUnknown(s.client.Passkeys, string(s.in.Code))
	}
	return c
}

func (s step) recover() templates.Content {
	return templates.RecoverPage{Name: s.name(), Phone: s.in.Phone, Extension: s.in.Extension, AskPhone: s.Engine.HasExtensions()}
}

func (s step) setup() templates.Content {
	c := templates.SetupPage{Name: s.name(), Mail: s.in.Mail, Phone: s.in.Phone}
	if s.Stored {
		c.AskMail, c.AskPhone, c.MinLength = s.has(recovery.ChannelMail), s.has(recovery.ChannelSMS), 8
	}
	return c
}

func (s step) activate() templates.Content { return templates.ActivatePage{} }

func (s step) factor() templates.Content {
	m := s.Engine.Methods.Get(s.Step.Method)
	c := templates.FactorPage{
		Ways: s.ways(), Name: s.name(), Trial: s.Flow.Trial, Kept: s.in.Remember,
		Trust: s.signingIn() && m != nil && m.Traits().Factor && s.Engine.Policy.Lifetimes.Remembered > 0 && (s.secure || Loopback(s.r.Host)),
	}
	c.Hint, c.Minutes = s.sent()
	if more, ok := factors()[c.Method]; ok {
		if err := more(s, &c); err != nil {
			return s.away(err)
		}
	}
	return c
}

// away is the page in place of one that waits for what cannot be read: it has not
// ended.
func (s step) away(err error) templates.Content {
	s.log().Error("what others have answered cannot be read", "id", s.id, "error", err)
	return templates.UnavailablePage{}
}

func (s step) question(c *templates.FactorPage) error {
	if s.Account != nil {
		c.Question = method.QuestionOf(s.Account)
	}
	return nil
}

// vouchers fills in who is to be called and how many of them are needed.
func (s step) vouchers(c *templates.FactorPage) error {
	m, ok := s.Engine.Methods.Get(s.Step.Method).(method.Contact)
	if !ok {
		return nil
	}
	n, err := s.Engine.Answers(s.r.Context(), s.Flow)
	c.Code, c.Minutes, c.More = secret.Group(s.Flow.AskCode, 4), 60, max(m.Need()-n, 0)
	if err != nil || s.Account == nil {
		return err // their names are for a visitor who has proved something
	}
	for _, who := range s.Account.TrustedContacts {
		c.People = append(c.People, templates.Person{Name: who.Name})
	}
	return nil
}

func (s step) mailed() templates.Content {
	_, minutes := s.sent()
	return templates.SentPage{Ways: s.ways(), Minutes: minutes}
}

func (s step) choice() templates.Content {
	c := templates.ChoicePage{Factors: s.factorOptions(s.Step.Methods), Later: slices.Contains(s.Step.Methods, recovery.Later)}
	for _, g := range s.Step.Choices {
		c.Choices = append(c.Choices, string(g))
	}
	return c
}

// factorOptions are the second factors that can be made, in the order of the
// methods there are.
func (s step) factorOptions(can []string) []templates.Option {
	var out []templates.Option
	for _, name := range s.Engine.Methods.Names() {
		if slices.Contains(can, name) {
			out = append(out, templates.Option{Method: name, Script: s.Engine.Methods.Get(name).Traits().Script})
		}
	}
	return out
}

func (s step) confirm() templates.Content {
	c := templates.ConfirmPage{
		Ways: s.ways(), Trial: s.Flow.Trial, Skip: s.Step.Optional,
		Name: s.in.Name, Mail: s.in.Mail, Phone: s.in.Phone, Reason: s.in.Reason, Choice: s.in.Choice,
	}
	c.Hint, c.Minutes = s.sent()
	if s.Flow.PersonName != "" {
		c.Person = &templates.Person{ID: s.Flow.Person, Name: s.Flow.PersonName}
	}
	return c
}

func (s step) wait() templates.Content {
	c := templates.WaitPage{Ways: s.ways(), Choice: string(s.Flow.Goal)}
	if s.Account != nil {
		c.Until = s.Step.Until
	}
	if s.Flow.Has(recovery.AdminInPerson) {
		c.Case = templates.CaseInPerson
	}
	return c
}

func (step) refused() templates.Content { return templates.RefusedPage{} }
