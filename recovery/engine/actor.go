package engine

import (
	"context"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Actor is who does something, for the record and for what is told of it: it
// allows nothing.
type Actor struct {
	ID, Name string // of an account; the name alone when it is none
	Network  string // address it came from
	Browser  string // as [recovery.Client.Browser]
	Base     string // address of our own pages, as [recovery.Client.Base]
}

type actorKey struct{}

// By notes in a context who asks for what is done with it. What is missing is
// left as it was noted before.
func By(ctx context.Context, who Actor) context.Context {
	before := actor(ctx)
	if who.Name == "" {
		who.ID, who.Name = before.ID, before.Name
	}
	if who.Network == "" {
		who.Network = before.Network
	}
	if who.Browser == "" {
		who.Browser = before.Browser
	}
	if who.Base == "" {
		who.Base = before.Base
	}
	return context.WithValue(ctx, actorKey{}, who)
}

func actor(ctx context.Context) Actor {
	who, _ := ctx.Value(actorKey{}).(Actor)
	return who
}

// record is [Engine.audit] with who did it, and from where.
func (e *Engine) record(ctx context.Context, ev recovery.Event) { e.audit(e.attributed(ctx, ev)) }

// audit is for an event that has changed no account: log and events have it at
// once, and the audit trail a moment later.
func (e *Engine) audit(ev recovery.Event) {
	e.complete(&ev)
	e.say(ev)
	e.trail.note(ev, ev.At)
}

// enter is for an event that changes an account: its record is written with the
// change, and [Engine.say] is called when that is done.
func (e *Engine) enter(a *recovery.Account, ev *recovery.Event) error {
	ev.Account, ev.Person = a.ID, a.Name
	e.complete(ev)
	return a.Enter(e.Keys, *ev, e.name)
}

func (e *Engine) complete(ev *recovery.Event) {
	ev.At = e.Now()
	if ev.Actor == "" && ev.Network != "" {
		ev.Actor = recovery.Visitor
	}
}

// say writes an event to log and events.
func (e *Engine) say(events ...recovery.Event) {
	for _, ev := range events {
		if e.Audit != nil {
			e.Audit(ev)
		}
	}
}

func (*Engine) attributed(ctx context.Context, ev recovery.Event) recovery.Event {
	who := actor(ctx)
	if ev.Actor == "" {
		ev.ActorID, ev.Actor = who.ID, who.Name
	}
	if ev.Network == "" {
		ev.Network = who.Network
	}
	if ev.Browser == "" {
		ev.Browser = who.Browser
	}
	return ev
}
