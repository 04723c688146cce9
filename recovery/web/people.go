package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/templates"
)

// administrator returns the signed-in administrator. Everybody else gets one
// answer, whatever there is or is not behind the address (AD-02).
func (x *exchange) administrator() (*recovery.Account, *recovery.Session) {
	a, s, err := x.Engine.Account(x.r.Context(), x.client.Session)
	switch {
	case err != nil:
		x.unavailable(err)
	case s == nil && !reads(x.r):
		x.notSaved()
	case s == nil:
		x.comeIn(Prefix+"people", Prefix+"people")
	case !a.Admin():
		x.adminRefused(a, "not an administrator")
		x.refuse(http.StatusNotFound, "not_found")
	default:
		x.by(a)
		return a, s
	}
	return nil, nil
}

// by notes who acts, for the record.
func (x *exchange) by(a *recovery.Account) {
	x.r = x.r.WithContext(engine.By(x.r.Context(), engine.Actor{ID: a.ID, Name: a.Name}))
}

// adminRefused audits that somebody may not do what administrators do.
func (x *exchange) adminRefused(a *recovery.Account, why string) {
	x.Engine.Refused(x.r.Context(), recovery.Event{
		Name: recovery.EventAdminRefused, Account: a.ID, Person: a.Name, ActorID: a.ID, Actor: a.Name, Detail: why,
	})
}

// acting returns the administrator who may act: not while on probation, and
// with a strong proof given lately.
func (x *exchange) acting() (*recovery.Account, *recovery.Session) {
	a, s := x.administrator()
	switch {
	case a == nil:
		return nil, nil
	case !a.OnProbation(s, x.Engine.Now()).IsZero():
		x.adminRefused(a, "on probation")
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemProbation)
		return nil, nil
	case !x.Engine.Methods.HasFactor(a):
		x.adminRefused(a, "without a second factor")
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemAdminFactor)
		return nil, nil
	case !x.fresh(a, s):
		return nil, nil
	}
	return a, s
}

// fresh asks an administrator for a strong proof first, if the last one is too
// old, and then comes back here.
func (x *exchange) fresh(a *recovery.Account, s *recovery.Session) bool {
	switch {
	case x.Engine.Fresh(a, s):
		return true
	case reads(x.r): // any site can lead here: nothing is written before a button
		x.askProof(a.Name, templates.ForbiddenProve, x.Return(x.r.URL.RequestURI()))
	default:
		x.stepUp(x.r.URL.Path)
	}
	return false
}

// stepUp asks for a strong proof, and then leads to a page of ours.
func (x *exchange) stepUp(back string) {
	o, err := x.Engine.Submit(x.r.Context(), x.client, recovery.Input{Start: recovery.KindStepUp, Return: back})
	switch {
	case err != nil:
		x.unavailable(err)
	case o.Problem != nil:
		x.refuse(http.StatusForbidden, o.Problem.Key)
	default:
		x.addFlow(o.FlowToken)
		x.redirect(x.flowURL(o.Flow.ID, ""))
	}
}

func (x *exchange) showPeople() {
	if a := x.looking(); a != nil {
		x.listPeople(a, "")
	}
}

// peoplePost is what the two forms of the list say.
func (x *exchange) peoplePost() {
	if x.r.PostForm.Get("choice") != "search" {
		x.invite()
		return
	}
	if a := x.looking(); a != nil {
		x.listPeople(a, x.r.PostForm.Get("search"))
	}
}

// listPeople shows a page of the list.
func (x *exchange) listPeople(a *recovery.Account, text string) {
	if c, ok := x.peoplePage(a, text); ok {
		f := x.mine()
		f.Notice = x.notice()
		x.page(http.StatusOK, f, c)
	}
}

// looking returns the administrator who may look at other people: with a strong
// proof given lately (AD-02).
func (x *exchange) looking() *recovery.Account {
	a, _ := x.lookingAs()
	return a
}

func (x *exchange) lookingAs() (*recovery.Account, *recovery.Session) {
	a, s := x.administrator()
	switch {
	case a == nil:
	case !x.Engine.Methods.HasFactor(a):
		x.adminRefused(a, "without a second factor")
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemAdminFactor)
	case x.fresh(a, s):
		return a, s
	}
	return nil, nil
}

// peopleAtOnce is how many people one page of the list has.
const peopleAtOnce = 50

// peoplePage is a page of the list with the form of an invitation; false when it
// could not be read, and then that has been answered.
func (x *exchange) peoplePage(a *recovery.Account, text string) (templates.PeoplePage, bool) {
	query := x.r.URL.Query()
	s := engine.Search{Show: query.Get("show"), Text: text, Most: peopleAtOnce}
	if !slices.Contains(engine.Filters(), s.Show) {
		s.Show = engine.ShowAll
	}
	var err error
	if text == "" {
		s.After, s.Before, err = x.beside(query)
	}
	var list engine.Listing
	if err == nil {
		list, err = x.Engine.List(x.r.Context(), s)
	}
	if err != nil {
		x.unavailable(err)
		return templates.PeoplePage{}, false
	}
	c := templates.PeoplePage{Show: s.Show, Filters: engine.Filters(), Search: text, Found: list.Found, Earlier: list.Earlier, Later: list.Later}
	for _, p := range list.People {
		c.People = append(c.People, templates.Person{
			ID: p.ID, Name: p.Name, Display: p.DisplayName, State: string(p.State), Admin: p.Admin, TwoFactors: p.TwoFactors, Self: p.ID == a.ID,
			Locked: p.Locked, LockedOut: p.LockedOut, SignedIn: p.SignedIn, Until: p.Invited, Expired: x.expired(p.State, p.Invited),
		})
	}
	return c, true
}

// beside reads after whom a page of the list begins, or before whom it ends: an id,
// for names are nothing for logs. Of somebody who has gone it begins anew.
func (x *exchange) beside(query url.Values) (after, before string, err error) {
	name := func(key string) string {
		who, found := x.Engine.Person(x.r.Context(), query.Get(key))
		switch {
		case errors.Is(found, recovery.ErrNoAccount):
			return ""
		case found != nil:
			err = found
			return ""
		}
		return who.Name
	}
	after, before = name("after"), name("before")
	return after, before, err
}

// notInvited shows the form of an invitation again, as it was typed.
func (x *exchange) notInvited(a *recovery.Account, wrong *recovery.Problem) {
	c, ok := x.peoplePage(a, "")
	if !ok {
		return
	}
	typed := x.r.PostForm.Get
	c.Name, c.Mail, c.Phone, c.Groups = typed("name"), typed("mail"), typed("phone"), typed("groups")
	f := x.mine()
	f.Problem = text(wrong)
	x.page(http.StatusUnprocessableEntity, f, c)
}

// invite makes an account and sends, or shows once, its invitation.
func (x *exchange) invite() {
	a, _ := x.acting()
	if a == nil {
		return
	}
	f := x.r.PostForm.Get
	n := recovery.NewAccount{Name: f("name"), Mail: f("mail"), Phone: f("phone"), Groups: strings.Fields(strings.ReplaceAll(f("groups"), ",", " "))}
	if f("extension") != "" {
		l, err := recovery.ParseExtension(f("phone"), f("extension"))
		if err != nil {
			x.notInvited(a, recovery.InField(recovery.ProblemPhoneBad, "phone"))
			return
		}
		n.Extensions, n.Phone = []recovery.Extension{l}, "" // a shared number takes no messages
	}
	who, token, err := x.Engine.AddUser(x.r.Context(), n)
	wrong := wrongWith(err)
	switch {
	case wrong != nil:
		x.notInvited(a, wrong)
	case err != nil:
		x.unavailable(err)
	default:
		x.invited(who, token)
	}
}

// invited sends the invitation, or shows it once when there is no way to send.
func (x *exchange) invited(who *recovery.Account, token string) {
	c := templates.InvitePage{Wait: x.Engine.Policy.Lifetimes.Invite}
	if x.Engine.SendInvite(x.r.Context(), who, token, x.client) {
		c.Hint = recovery.Mask(who.Address(recovery.ChannelMail, x.Engine.Now()))
	} else {
		c.Code = x.origin + Prefix + x.Engine.InviteLink(x.r.Context(), token)
	}
	x.page(http.StatusOK, x.mine(), c)
}

func (x *exchange) showPerson() {
	a, s := x.lookingAs()
	if a == nil {
		return
	}
	if c, ok := x.personPage(a, s); ok {
		f := x.mine()
		f.Notice = x.notice()
		x.page(http.StatusOK, f, c)
	}
}

// personPage is the page of somebody; false when there is none to show, and
// then that has been answered.
func (x *exchange) personPage(a *recovery.Account, s *recovery.Session) (templates.PersonPage, bool) {
	who, err := x.Engine.Person(x.r.Context(), x.person)
	if errors.Is(err, recovery.ErrNoAccount) {
		x.refuse(http.StatusNotFound, "not_found")
		return templates.PersonPage{}, false
	}
	if err != nil {
		x.unavailable(err)
		return templates.PersonPage{}, false
	}
	return templates.PersonPage{
		Case: x.cases(), AskMail: x.has(recovery.ChannelMail),
		Person: &templates.Person{
			ID: who.ID, Name: who.Name, State: string(who.State), Admin: who.Admin(), Self: who.ID == a.ID, Account: x.about(who, s.ID),
			Until: who.Invited, Expired: x.expired(who.State, who.Invited),
		},
	}, true
}

// expired tells that somebody was invited and has let the time pass, or that
// the invitation was withdrawn by disabling the account.
func (x *exchange) expired(s recovery.State, until time.Time) bool {
	return s == recovery.StateInvited && !x.Engine.Now().Before(until)
}

// notManaged shows somebody's page again with what is wrong, as it was typed.
func (x *exchange) notManaged(a *recovery.Account, s *recovery.Session, status int, wrong *recovery.Problem) {
	c, ok := x.personPage(a, s)
	if !ok {
		return
	}
	typed := x.r.PostForm.Get
	c.Reason, c.Mail = typed("reason"), typed("mail")
	if typed("choice") == replaceMail {
		c.Method = replaceMail
	}
	f := x.mine()
	f.Problem = text(wrong)
	x.page(status, f, c)
}

// personAgain is the page of the person whose case was not opened.
func (x *exchange) personAgain(in recovery.Input) (templates.Frame, templates.Content, bool) {
	a, s := x.administrator()
	if a == nil {
		return templates.Frame{}, nil, false
	}
	if _, err := x.Engine.Person(x.r.Context(), in.Name); errors.Is(err, recovery.ErrNoAccount) {
		return x.refusedFrame(), templates.RefusedPage{}, true // the form of no person's page
	}
	x.person = in.Name
	c, ok := x.personPage(a, s)
	c.Choice, c.Reason = cmp.Or(in.Choice, string(recovery.GoalPassword)), in.Reason
	return x.mine(), c, ok
}

const replaceMail = "correct_mail"

// manage does what an administrator's button says.
func (x *exchange) manage() {
	a, s := x.acting()
	if a == nil {
		return
	}
	f := x.r.PostForm.Get
	var err error
	switch do := f("choice"); do {
	case "invite_again":
		x.inviteAgain()
		return
	case replaceMail:
		err = x.Engine.ReplaceMail(x.r.Context(), a, x.person, f("mail"), f("reason"), x.client)
	default:
		err = x.Engine.Manage(x.r.Context(), a, x.person, recovery.Action(do), f("reason"))
	}
	wrong := wrongWith(err)
	switch {
	case wrong != nil:
		x.notManaged(a, s, http.StatusUnprocessableEntity, wrong)
	case errors.Is(err, recovery.ErrNotAllowed) && a.ID == x.person:
		x.adminRefused(a, "on their own account")
		x.notManaged(a, s, http.StatusForbidden, recovery.NewProblem(recovery.ProblemNotYourself))
	case errors.Is(err, recovery.ErrNotAllowed):
		x.adminRefused(a, "not in this state of the account")
		x.notManaged(a, s, http.StatusForbidden, recovery.NewProblem(recovery.ProblemNotAvailable))
	case errors.Is(err, recovery.ErrNoAccount):
		x.refuse(http.StatusNotFound, "not_found")
	case err != nil:
		x.unavailable(err)
	default:
		x.redirect(Prefix + "people/" + x.person + "?done=" + x.managed(f("choice")))
	}
}

// managed is what is said of a button that was pressed. Lifting the pause says
// what it did not lift.
func (x *exchange) managed(choice string) string {
	if recovery.Action(choice) != recovery.ActionUnlock {
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

func (x *exchange) inviteAgain() {
	who, err := x.Engine.Person(x.r.Context(), x.person)
	if errors.Is(err, recovery.ErrNoAccount) || err == nil && who.State != recovery.StateInvited {
		x.refuse(http.StatusNotFound, "not_found")
		return
	}
	if err != nil {
		x.unavailable(err)
		return
	}
	token, err := x.Engine.Invite(x.r.Context(), who)
	if err != nil {
		x.unavailable(err)
		return
	}
	x.invited(who, token)
}
