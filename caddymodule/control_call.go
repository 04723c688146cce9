package caddymodule

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// call does one operation and returns its result as JSON. Every error is a
// sentence for the operator.
func (o *operations) call(ctx context.Context, name string, args arguments) ([]byte, error) {
	result, err := o.do(commandLine(ctx), name, args)
	if err != nil {
		return nil, err
	}
	return json.Marshal(result)
}

// commandLine notes who acts.
func commandLine(ctx context.Context) context.Context {
	return engine.By(ctx, engine.Actor{Name: engine.CommandLine, Network: "local"})
}

func (o *operations) do(ctx context.Context, name string, args arguments) (any, error) {
	switch name {
	case opSetupLink:
		return o.setupLink(ctx)
	case opAcceptOld:
		return o.engine.AcceptOld(ctx)
	case opRescue:
		return o.rescue(ctx, args.User)
	case opUserList:
		return o.userList(ctx, args.List)
	case opUserAdd:
		return o.userAdd(ctx, args)
	case opUserShow:
		return o.userShow(ctx, args.User)
	case opUserAct:
		return o.userAct(ctx, args.User, args.Act)
	case opUserReset:
		return o.userReset(ctx, args.User, args.Act)
	case opUserInvite:
		return o.userInvite(ctx, args.User)
	case opInvitePerson:
		return o.invitePerson(ctx, args)
	case opInviteGroup:
		return o.inviteGroup(ctx, args.Invite)
	case opInviteList:
		return o.inviteList(ctx)
	case opInviteRevoke:
		return o.inviteRevoke(ctx, args.Invite)
	case opDoctor:
		return o.doctor(ctx), nil
	case opRekey:
		return o.rekey(ctx, args.Rekey)
	case opKeyAdd:
		return o.keyAdd(ctx, args)
	case opKeyList:
		return o.keyList(ctx, args.User)
	case opKeyRevoke:
		return o.keyRevoke(ctx, args)
	case opExplain:
		return o.explainAccess(ctx, args.User, args.Explain)
	case opAudit:
		return o.audit(ctx, args.User, args.Audit)
	case opAuditVerify:
		return o.auditVerify(ctx, args.Audit)
	case opImport:
		return o.importPeople(ctx, args.Import)
	case opCarry:
		return o.carry(ctx, args.Carry)
	case opTrials:
		return o.trials(ctx, args.To)
	case opTrial:
		return o.trial(ctx, args)
	}
	return nil, fmt.Errorf("the Caddy that is running does not know %q: is it older than this command?", name)
}
