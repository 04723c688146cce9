package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
	"github.com/caddy-sparekey/sparekey/templates"
)

// Choices of the page of links for groups; behind the second stands an id.
const (
	makeLink   = "make_link"
	revokeLink = "revoke:"
)

func (x *exchange) showInvites() {
	if a := x.looking(); a != nil {
		x.listInvites(http.StatusOK, templates.InvitesPage{}, x.r.URL.Query().Get("do"), nil)
	}
}

// changeInvites does what the forms of that page say.
func (x *exchange) changeInvites() {
	a, _ := x.acting()
	if a == nil {
		return
	}
	choice := x.r.PostForm.Get("choice")
	if id, ok := strings.CutPrefix(choice, revokeLink); ok {
		x.revokeLink(a, id)
		return
	}
	if choice != makeLink {
		x.refuse(http.StatusUnprocessableEntity, recovery.ProblemNotAvailable)
		return
	}
	x.makeLink(a)
}

// makeLink makes a link and shows it, this once.
func (x *exchange) makeLink(a *recovery.Account) {
	f := x.r.PostForm.Get
	l := recovery.GroupLink{Note: f("reason"), Groups: typedWords(f("groups"))}
	l.Uses, _ = strconv.Atoi(strings.TrimSpace(f("uses"))) // what is none is out of the range
	if days, err := strconv.Atoi(f("expires")); err == nil {
		l.Ends = x.Engine.Now().Add(time.Duration(min(max(days, 0), 366)) * 24 * time.Hour)
	}
	token, made, err := x.Engine.MakeLink(x.r.Context(), engine.Administrator(a), l)
	wrong := wrongWith(err)
	switch {
	case wrong != nil:
		c := templates.InvitesPage{Uses: f("uses"), Groups: f("groups"), Expires: f("expires"), Reason: f("reason")}
		x.listInvites(http.StatusUnprocessableEntity, c, "", wrong)
	case errors.Is(err, recovery.ErrNotAllowed), errors.Is(err, recovery.ErrLinkNoMail):
		x.refuse(http.StatusForbidden, recovery.ProblemNotAvailable)
	case err != nil:
		x.unavailable(err)
	default:
		c := templates.InvitePage{Code: x.origin + Prefix + x.Engine.JoinLink(x.r.Context(), token), Uses: made.Uses, Wait: made.Ends.Sub(made.Made)}
		x.page(http.StatusOK, x.mine(), c)
	}
}

// revokeLink ends a link, and if that is asked for the accounts that were made by it.
func (x *exchange) revokeLink(a *recovery.Account, id string) {
	disable := x.r.PostForm.Get("others") != ""
	ctx := engine.By(x.r.Context(), engine.Actor{Base: x.client.Base})
	_, err := x.Engine.RevokeLink(ctx, engine.Administrator(a), id, x.r.PostForm.Get("reason"), disable)
	wrong := wrongWith(err)
	switch {
	case wrong != nil:
		x.listInvites(http.StatusUnprocessableEntity, templates.InvitesPage{Reason: x.r.PostForm.Get("reason")}, id, wrong)
	case errors.Is(err, recovery.ErrNoLink):
		x.refuse(http.StatusNotFound, "not_found")
	case errors.Is(err, recovery.ErrNotAllowed), errors.Is(err, recovery.ErrLastAdmin):
		x.refuse(http.StatusForbidden, recovery.ProblemNotAvailable)
	case err != nil:
		x.unavailable(err)
	case disable:
		x.redirect(Prefix + "invites?done=link_revoked_disabled")
	default:
		x.redirect(Prefix + "invites?done=link_revoked")
	}
}

// listInvites shows all links, or the one with an id.
func (x *exchange) listInvites(status int, c templates.InvitesPage, id string, wrong *recovery.Problem) {
	c.AskMail = x.has(recovery.ChannelMail)
	links, err := x.Engine.Links(x.r.Context())
	if err != nil {
		x.unavailable(err)
		return
	}
	for i := range links {
		row := groupInvite(&links[i])
		c.Links = append(c.Links, row)
		if links[i].ID != id {
			continue
		}
		if row.People, err = x.cameBy(&links[i]); err != nil {
			x.unavailable(err)
			return
		}
		c.Link = &row
	}
	if id != "" && c.Link == nil {
		x.refuse(http.StatusNotFound, "not_found")
		return
	}
	f := x.mine()
	f.Notice = x.notice()
	if wrong != nil {
		f.Problem = text(wrong)
	}
	x.page(status, f, c)
}

func groupInvite(l *recovery.GroupLink) templates.GroupInvite {
	by := l.By
	if by == engine.CommandLine {
		by = ""
	}
	return templates.GroupInvite{
		ID: l.ID, Groups: l.Groups, Note: l.Note, By: by, Uses: l.Uses, Used: l.Used(), Held: len(l.Places) - l.Used(), Until: l.Ends, Revoked: !l.Revoked.IsZero(),
	}
}

// cameBy are the people who have made an account by a link.
func (x *exchange) cameBy(l *recovery.GroupLink) ([]templates.Person, error) {
	var out []templates.Person
	for _, p := range l.Places {
		if !p.Until.IsZero() {
			continue
		}
		who, err := x.Engine.Person(x.r.Context(), p.Account)
		switch {
		case errors.Is(err, recovery.ErrNoAccount):
		case err != nil:
			return nil, err
		default:
			out = append(out, templates.Person{ID: who.ID, Name: who.Name, State: string(who.State)})
		}
	}
	return out, nil
}
