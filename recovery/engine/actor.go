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
	if who.Base == "" {
		who.Base = before.Base
	}
	return context.WithValue(ctx, actorKey{}, who)
}

func actor(ctx context.Context) Actor {
	who, _ := ctx.Value(actorKey{}).(Actor)
	return who
}

// record audits an event with who did it, and from where.
func (e *Engine) record(ctx context.Context, ev recovery.Event) { e.audit(e.attributed(ctx, ev)) }

func (*Engine) attributed(ctx context.Context, ev recovery.Event) recovery.Event {
	who := actor(ctx)
	if ev.Actor == "" {
		ev.ActorID, ev.Actor = who.ID, who.Name
	}
	if ev.Network == "" {
		ev.Network = who.Network
	}
	return ev
}
