package web

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/templates"
)

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
const peopleAtOnce = 25

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
	c := templates.PeoplePage{AskMail: x.has(recovery.ChannelMail), Show: s.Show, Filters: engine.Filters(), Search: text, Found: list.Found, Earlier: list.Earlier, Later: list.Later}
	if c.Waiting, err = x.waitingFor(a, ""); err != nil {
		x.unavailable(err)
		return templates.PeoplePage{}, false
	}
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
	c.Held = held(wrong)
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
	n := recovery.NewAccount{Again: f("again"), Name: f("name"), Mail: f("mail"), Phone: f("phone"), Groups: typedWords(f("groups"))}
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
	if x.r.PostForm.Get("choice") != actInviteLink && x.Engine.SendInvite(x.r.Context(), who, token, x.client) {
		c.Hint = recovery.Mask(who.Address(recovery.ChannelMail, x.Engine.Now()))
	} else {
		c.Code, c.ByHand = x.origin+Prefix+x.Engine.InviteLink(x.r.Context(), token), x.has(recovery.ChannelMail)
	}
	x.page(http.StatusOK, x.mine(), c)
}

func (x *exchange) showPerson() {
	a, s := x.lookingAs()
	if a == nil {
		return
	}
	if c, ok := x.personPage(a, s, x.r.URL.Query().Get("do")); ok {
		f := x.mine()
		f.Notice = x.notice()
		x.page(http.StatusOK, f, c)
	}
}

// personPage is the page of somebody, with do that of an action, if it can be done;
// false when there is none to show, and then that has been answered.
func (x *exchange) personPage(a *recovery.Account, s *recovery.Session, do string) (templates.PersonPage, bool) {
	who, err := x.Engine.Person(x.r.Context(), x.person)
	if errors.Is(err, recovery.ErrNoAccount) {
		x.refuse(http.StatusNotFound, "not_found")
		return templates.PersonPage{}, false
	}
	var row engine.Person
	if err == nil {
		row, err = x.Engine.Listed(x.r.Context(), who.ID)
	}
	if err != nil {
		x.unavailable(err)
		return templates.PersonPage{}, false
	}
	c := templates.PersonPage{
		Case: x.cases(), Temporary: x.Engine.Policy.TemporaryPassword, AskMail: x.has(recovery.ChannelMail), Endless: row.Endless(x.Engine.Now()),
		Person: &templates.Person{
			ID: who.ID, Name: who.Name, Display: who.DisplayName, State: string(who.State), Admin: who.Admin(), Self: who.ID == a.ID, Account: x.about(who, s.ID),
			Locked: row.Locked, LockedOut: row.LockedOut, SignedIn: row.SignedIn, Leaving: who.Leaving,
			Until: who.Invited, Expired: x.expired(who.State, who.Invited),
		},
	}
	if c.Waiting, err = x.waitingFor(a, who.ID); err != nil {
		x.unavailable(err)
		return templates.PersonPage{}, false
	}
	if !c.Person.Self {
		c.Acts = x.acts(who)
		c.Do = offered(c.Acts, do)
		filled(&c, who)
	}
	return c, true
}

// expired tells that somebody was invited and has let the time pass, or that
// the invitation was withdrawn by disabling the account.
func (x *exchange) expired(s recovery.State, until time.Time) bool {
	return s == recovery.StateInvited && !x.Engine.Now().Before(until)
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
	c, ok := x.personPage(a, s, actCase)
	c.Choice, c.Reason = cmp.Or(in.Choice, string(recovery.GoalPassword)), in.Reason
	return x.mine(), c, ok
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
