package web

import (
	"errors"
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// fault is what one error says of a field.
type fault struct {
	is         error
	key, field string
}

// faults is in the order of the fields.
func faults() []fault {
	return []fault{
		{recovery.ErrBadName, recovery.ProblemNameBad, "name"},
		{recovery.ErrIsGroup, recovery.ProblemNameGroup, "name"},
		{recovery.TakenError{Kind: "name", Held: true}, recovery.ProblemNameHeld, "name"},
		{recovery.TakenError{Kind: "name"}, recovery.ProblemNameTaken, "name"},
		{recovery.ErrBadMail, recovery.ProblemMailBad, "mail"},
		{recovery.ErrSameAddress, recovery.ProblemSameAddress, "mail"},
		{recovery.TakenError{Kind: "mail"}, recovery.ProblemAddressTaken, "mail"},
		{recovery.ErrBadPhone, recovery.ProblemPhoneBad, "phone"},
		{recovery.TakenError{Kind: "phone"}, recovery.ProblemAddressTaken, "phone"},
		{recovery.TakenError{Kind: "line"}, recovery.ProblemAddressTaken, "phone"},
		{recovery.ErrIsPerson, recovery.ProblemGroupPerson, "groups"},
		{recovery.ErrBadGroup, recovery.ProblemGroupBad, "groups"},
		{recovery.ErrKeyName, recovery.ProblemKeyName, "label"},
		{recovery.ErrKeyNamed, recovery.ProblemKeyNamed, "label"},
		{recovery.ErrTooManyKeys, recovery.ProblemKeysFull, "label"},
		{recovery.ErrKeyHost, recovery.ProblemKeyHost, "hosts"},
		{recovery.ErrKeyPath, recovery.ProblemKeyPath, "paths"},
		{recovery.ErrKeyTooLong, recovery.ProblemKeyLong, "paths"},
		{recovery.ErrTooManyGroups, recovery.ProblemGroupsMany, "groups"},
		{recovery.ErrBadDisplayName, recovery.ProblemDisplayName, "label"},
		{recovery.ErrSecondInvite, recovery.ProblemSecondInvite, "groups"},
		{recovery.ErrLinkAdmins, recovery.ProblemLinkAdmins, "groups"},
		{recovery.ErrLinkUses, recovery.ProblemLinkUses, "uses"},
		{recovery.ErrLinkLife, recovery.ProblemLinkLife, "expires"},
		{recovery.ErrLinksMany, recovery.ProblemLinksMany, "reason"},
		{recovery.ErrReason, recovery.ProblemReason, "reason"},
	}
}

// held tells that a problem is about a name that can be given away.
func held(p *recovery.Problem) bool {
	return p != nil && slices.ContainsFunc(append([]*recovery.Problem{p}, p.More...), func(x *recovery.Problem) bool { return x.Key == recovery.ProblemNameHeld })
}

// wrongWith is everything an error says of what an administrator has typed, one
// thing of each field; nil: it is another error, or none.
func wrongWith(err error) *recovery.Problem {
	var out []*recovery.Problem
	for _, f := range faults() {
		said := func(p *recovery.Problem) bool { return p.Args["field"] == f.field }
		if errors.Is(err, f.is) && !slices.ContainsFunc(out, said) {
			out = append(out, recovery.InField(f.key, f.field))
		}
	}
	return recovery.AllOf(out)
}
