package engine

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// feature is what a kind of flow reads or writes beside its own account. Most
// kinds have none.
type feature struct {
	// begin looks whether the flow may begin, and takes what its first form says
	// already.
	begin func(*run, context.Context, recovery.Input) (*recovery.Problem, error)
	// before is done before the account is written. It may be done twice, and
	// leave something behind that means nothing without that write.
	before func(*run, context.Context) error
	// commit stands in place of the ordinary write.
	commit func(*run, context.Context, recovery.End) (*recovery.Account, recovery.Effects, error)
	// after is done when the account has been written.
	after func(*run, context.Context) error
}

// feature is that of the flow's kind.
func (r *run) feature() feature {
	return map[recovery.Kind]feature{
		recovery.KindSetup:         {begin: (*run).unlessSetUp, commit: (*run).create},
		recovery.KindActivate:      {begin: (*run).invitedBy, before: (*run).findAdmins, after: (*run).invitationTaken},
		recovery.KindJoin:          {commit: (*run).join},
		recovery.KindChangeMail:    {before: (*run).claimAddress},
		recovery.KindChangePhone:   {before: (*run).claimAddress},
		recovery.KindUnlock:        {before: (*run).stillPaused},
		recovery.KindDropFactor:    {begin: (*run).goWithout},
		recovery.KindDropOne:       {begin: (*run).which},
		recovery.KindTakeOne:       {begin: (*run).which},
		recovery.KindLetIn:         {begin: (*run).letIn, after: (*run).answerBrowser},
		recovery.KindOpenCase:      {begin: (*run).forWhom, after: (*run).openCase},
		recovery.KindDeleteAccount: {begin: (*run).notTheLast, before: (*run).givesUp},
	}[r.flow.Kind]
}

// take applies the answer to a question to the flow. A problem means that
// nothing was accepted.
type take func(*run, context.Context, recovery.Input) (*recovery.Problem, error)

// question is what takes the answer; nil for what is no question.
func question(a recovery.Ask) take {
	return map[recovery.Ask]take{
		recovery.AskWho:      (*run).who,
		recovery.AskName:     (*run).name,
		recovery.AskFactor:   (*run).unchosen,
		recovery.AskGoal:     (*run).choose,
		recovery.AskWait:     (*run).wait,
		recovery.AskMail:     (*run).newMail,
		recovery.AskJoinMail: (*run).joinMail,
		recovery.AskJoinName: (*run).joinName,
		recovery.AskPhone:    (*run).newPhone,
		recovery.AskPerson:   (*run).trusted,
		recovery.AskRequest:  (*run).request,
		recovery.AskConsent:  (*run).consent,
		recovery.AskCase:     (*run).takeCase,
		recovery.AskDevice:   (*run).deviceNumber,
		recovery.AskHandOver: (*run).handOver,
		recovery.AskTrial:    (*run).drill,
	}[a]
}
