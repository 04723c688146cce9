package recovery

import (
	"errors"
	"slices"
	"time"
)

// ActionCase is what a [Proposal] has in place of an action when it is a case.
const ActionCase Action = proposedCase

// Limits of proposals.
const (
	ProposalLife = 24 * time.Hour
	maxProposals = 3
)

// Errors of proposals; the text says what to do.
var (
	// ErrSecond says that nothing is done yet: another administrator has to agree.
	ErrSecond = errors.New("another administrator has to agree to this within a day")
	// ErrNoSecond says that there is no other one.
	ErrNoSecond     = errors.New("no other active administrator could agree to this")
	ErrSecondInvite = errors.New("another administrator has to agree before somebody becomes one: invite them first, and then set their groups")
	ErrAsker        = errors.New("who asks for something does not agree to it")
)

// Propose adds a row. One of the same asker for the same is replaced.
func (a *Account) Propose(p Proposal, now time.Time) error {
	a.Proposals = slices.DeleteFunc(a.Proposals, func(x Proposal) bool {
		return !now.Before(x.Until) || x.Asker == p.Asker && x.Do == p.Do
	})
	if len(a.Proposals) >= maxProposals {
		return ErrFull
	}
	a.Proposals = append(a.Proposals, p)
	return nil
}

// Proposed lists the rows that wait now.
func (a *Account) Proposed(now time.Time) []Proposal {
	return slices.DeleteFunc(slices.Clone(a.Proposals), func(p Proposal) bool { return !now.Before(p.Until) })
}

// TakeProposal takes a row off the account.
func (a *Account) TakeProposal(id string, now time.Time) (Proposal, bool) {
	i := slices.IndexFunc(a.Proposals, func(p Proposal) bool { return p.ID == id && now.Before(p.Until) })
	if i < 0 {
		return Proposal{}, false
	}
	p := a.Proposals[i]
	a.Proposals = slices.Delete(a.Proposals, i, i+1)
	return p, true
}
