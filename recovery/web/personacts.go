package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/templates"
)

// Actions of a person's page that are none of [recovery.Action].
const (
	actCase        = "case"
	actInviteAgain = "invite_again"
	actInviteLink  = "invite_link" // the same, shown and not mailed
	actKey         = "key"
)

// acts are what an administrator can do to an account now, in the order in which it
// is offered: of it each has a form of its own, which asks for a reason.
func (x *exchange) acts(a *recovery.Account) []string {
	var out []string
	offer := func(when bool, acts ...recovery.Action) {
		for _, do := range acts {
			if when {
				out = append(out, string(do))
			}
		}
	}
	invited, active, disabled := a.State == recovery.StateInvited, a.State == recovery.StateActive, a.State == recovery.StateDisabled
	offer(active || a.State == recovery.StateFrozen, actCase)
	offer(invited, actInviteAgain)
	offer(invited && x.has(recovery.ChannelMail) && a.Address(recovery.ChannelMail, x.Engine.Now()) != "", actInviteLink)
	offer(invited && !a.Invited.IsZero(), recovery.ActionWithdraw)
	offer(disabled || a.State == recovery.StateLeaving, recovery.ActionEnable)
	offer(active, recovery.ActionUnlock, recovery.ActionSignOut)
	offer((active || invited) && x.has(recovery.ChannelMail), recovery.ActionMail)
	offer((active || invited) && x.has(recovery.ChannelSMS), recovery.ActionPhone)
	offer(active && !a.Admin() && x.Engine.Policy.AdminKeys, actKey)
	offer(len(a.AccessKeys) > 0, recovery.ActionRevokeKey)
	offer(true, recovery.ActionDisplayName, recovery.ActionRename, recovery.ActionGroups, recovery.ActionExtension)
	offer(!disabled, recovery.ActionDisable)
	offer(a.Leaving.IsZero(), recovery.ActionRemove)
	return out
}

// fieldsOf are what each action reads of the form: of all other fields nothing is
// taken (AD-07).
func fieldsOf() map[recovery.Action]func(url.Values) (recovery.Edit, *recovery.Problem) {
	plain := func(read func(url.Values) recovery.Edit) func(url.Values) (recovery.Edit, *recovery.Problem) {
		return func(f url.Values) (recovery.Edit, *recovery.Problem) { return read(f), nil }
	}
	return map[recovery.Action]func(url.Values) (recovery.Edit, *recovery.Problem){
		recovery.ActionGroups:      plain(func(f url.Values) recovery.Edit { return recovery.Edit{Groups: typedWords(f.Get("groups"))} }),
		recovery.ActionDisplayName: plain(func(f url.Values) recovery.Edit { return recovery.Edit{Name: f.Get("label")} }),
		recovery.ActionRename:      plain(func(f url.Values) recovery.Edit { return recovery.Edit{Name: f.Get("name"), Again: f.Get("again")} }),
		recovery.ActionRevokeKey:   plain(func(f url.Values) recovery.Edit { return recovery.Edit{Key: f.Get("name")} }),
		recovery.ActionMail:        plain(func(f url.Values) recovery.Edit { return recovery.Edit{Mail: f.Get("mail")} }),
		recovery.ActionPhone:       plain(func(f url.Values) recovery.Edit { return recovery.Edit{Phone: f.Get("phone")} }),
		recovery.ActionExtension: func(f url.Values) (recovery.Edit, *recovery.Problem) {
			if f.Get("phone")+f.Get("extension") == "" {
				return recovery.Edit{}, nil // none
			}
			l, err := recovery.ParseExtension(f.Get("phone"), f.Get("extension"))
			if err != nil {
				return recovery.Edit{}, recovery.InField(recovery.ProblemPhoneBad, "phone")
			}
			return recovery.Edit{Extensions: []recovery.Extension{l}}, nil
		},
	}
}

// manage does what the form of an action says.
func (x *exchange) manage() {
	a, s := x.acting()
	if a == nil {
		return
	}
	f := x.r.PostForm
	if x.answersSecond(a) {
		return
	}
	do := recovery.Action(f.Get("choice"))
	switch do {
	case actInviteAgain, actInviteLink:
		x.inviteAgain()
		return
	case actKey:
		x.makeKeyFor(a, s)
		return
	}
	edit, wrong := recovery.Edit{}, (*recovery.Problem)(nil)
	if read := fieldsOf()[do]; read != nil {
		edit, wrong = read(f)
	}
	if edit.Do, edit.Seen = do, f.Get("seen"); wrong != nil {
		x.notManaged(a, s, http.StatusUnprocessableEntity, wrong)
		return
	}
	_, err := x.Engine.Edit(engine.By(x.r.Context(), engine.Actor{Base: x.client.Base}), engine.Administrator(a), x.person, edit, f.Get("reason"))
	x.managed(a, s, do, err)
}

// managed answers what has become of an action.
func (x *exchange) managed(a *recovery.Account, s *recovery.Session, do recovery.Action, err error) {
	wrong := wrongWith(err)
	switch {
	case wrong != nil:
		x.notManaged(a, s, http.StatusUnprocessableEntity, wrong)
	case errors.Is(err, recovery.ErrLastAdmin):
		x.adminRefused(a, "the last administrator")
		x.notManaged(a, s, http.StatusForbidden, recovery.NewProblem(recovery.ProblemLastAdmin))
	case errors.Is(err, recovery.ErrNotAllowed) && a.ID == x.person:
		x.adminRefused(a, "on their own account")
		x.notManaged(a, s, http.StatusForbidden, recovery.NewProblem(recovery.ProblemNotYourself))
	case errors.Is(err, recovery.ErrStale), errors.Is(err, recovery.ErrNoKey), errors.Is(err, recovery.ErrOtherState):
		x.notMeanwhile(a, s)
	case errors.Is(err, recovery.ErrNotAllowed):
		x.adminRefused(a, "not in this state of the account")
		x.notManaged(a, s, http.StatusForbidden, recovery.NewProblem(recovery.ProblemNotAvailable))
	case errors.Is(err, recovery.ErrSecond):
		x.redirect(Prefix + "people/" + x.person + "?done=second_asked")
	case errors.Is(err, recovery.ErrNoSecond):
		x.notManaged(a, s, http.StatusForbidden, recovery.NewProblem(recovery.ProblemNoSecond))
	case errors.Is(err, recovery.ErrFull):
		x.notManaged(a, s, http.StatusUnprocessableEntity, recovery.NewProblem(recovery.ProblemFullTheirs))
	case errors.Is(err, recovery.ErrNoAccount):
		x.refuse(http.StatusNotFound, "not_found")
	case err != nil:
		x.unavailable(err)
	default:
		x.redirect(Prefix + "people/" + x.person + "?done=" + x.managedNotice(do))
	}
}

// managedNotice is what is said of an action that was done. Lifting the pause says
// what it did not lift.
func (x *exchange) managedNotice(do recovery.Action) string {
	switch do {
	case recovery.ActionRemove:
		return "person_leaving"
	case recovery.ActionUnlock:
	default:
		return "person_changed"
	}
	who, err := x.Engine.Person(x.r.Context(), x.person)
	if err == nil {
		_, paused, err := x.Engine.Guessed(x.r.Context(), who)
		if err == nil && !paused {
			return "person_unlocked"
		}
	}
	return "person_unlocked_passwords"
}

// notManaged shows the form of an action again with what is wrong, as it was typed.
func (x *exchange) notManaged(a *recovery.Account, s *recovery.Session, status int, wrong *recovery.Problem) {
	typed := x.r.PostForm.Get
	c, ok := x.personPage(a, s, typed("choice"))
	if !ok {
		return
	}
	c.Reason, c.Mail, c.Phone, c.Extension = typed("reason"), typed("mail"), typed("phone"), typed("extension")
	c.Held, c.Seen = held(wrong), typed("seen")
	c.Groups, c.Label, c.Name = typed("groups"), typed("label"), typed("name")
	c.Hosts, c.Paths, c.Expires = typed("hosts"), typed("paths"), typed("expires")
	f := x.mine()
	f.Problem = text(wrong)
	x.page(status, f, c)
}

// notMeanwhile shows what there is now to an administrator who was not the only one
// at it: nothing of the form is done.
func (x *exchange) notMeanwhile(a *recovery.Account, s *recovery.Session) {
	c, ok := x.personPage(a, s, x.r.PostForm.Get("choice"))
	if !ok {
		return
	}
	c.Reason = x.r.PostForm.Get("reason")
	f := x.mine()
	f.Problem = text(recovery.NewProblem(recovery.ProblemMeanwhile))
	x.page(http.StatusConflict, f, c)
}

// filled puts what there is into the fields of an action.
func filled(c *templates.PersonPage, a *recovery.Account) {
	c.Seen = recovery.Action(c.Do).Seen(a)
	c.Groups = strings.Join(a.Groups, ", ")
	if c.Do == string(recovery.ActionDisplayName) {
		c.Label = a.DisplayName
	}
	if len(a.Extensions) > 0 {
		c.Phone, c.Extension = a.Extensions[0].Number, a.Extensions[0].Digits
	}
}

// offered is an action if it is among those offered; else empty.
func offered(acts []string, do string) string {
	if slices.Contains(acts, do) {
		return do
	}
	return ""
}

// makeKeyFor makes an access key for somebody else and shows it, this once.
func (x *exchange) makeKeyFor(a *recovery.Account, s *recovery.Session) {
	k, wrong := x.typedKey()
	if wrong != nil {
		x.notManaged(a, s, http.StatusUnprocessableEntity, wrong)
		return
	}
	ctx := engine.By(x.r.Context(), engine.Actor{Base: x.client.Base})
	key, k, err := x.Engine.MakeKeyFor(ctx, engine.Administrator(a), x.person, k, x.r.PostForm.Get("reason"))
	if err != nil {
		x.managed(a, s, actKey, err)
		return
	}
	who, err := x.Engine.Person(x.r.Context(), x.person)
	if err != nil {
		x.unavailable(err)
		return
	}
	x.page(http.StatusOK, x.mine(), templates.KeysPage{Code: key, Key: templates.Key{Name: k.Name, End: k.End}, Person: &templates.Person{ID: who.ID, Name: who.Name}})
}
