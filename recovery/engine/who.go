package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// who binds the flow to the account named, or to a decoy. What follows costs
// and looks the same.
func (r *run) who(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	if m := r.namer(in); m != nil {
		return r.foundBy(ctx, m, in)
	}
	typed, err := r.named(in)
	if typed.Value == "" {
		return recovery.InField(recovery.ProblemMissing, "name"), nil
	}
	if err != nil {
		typed.Kind = "odd" // belongs to nobody, and costs the same
	}
	r.flow.Name = in.Name
	var a *recovery.Account
	if typed.Kind == "line" {
		number, extension, _ := strings.Cut(typed.Value, "#")
		a, err = r.findExtension(ctx, recovery.Extension{Number: number, Digits: extension})
	} else {
		a, err = r.find(ctx, typed)
	}
	if err != nil {
		return nil, err
	}
	r.bind(a, typed.Kind+" "+typed.Value)
	return nil, nil
}

// namer is the method whose proof in the form says whose it is; nil: there is
// none.
func (e *Engine) namer(in recovery.Input) recovery.Namer {
	for _, name := range e.Methods.Names() {
		if m, ok := e.Methods.Get(name).(recovery.Namer); ok && e.Methods.Offered(name) && m.Named(in) != "" {
			return m
		}
	}
	return nil
}

// foundBy binds the flow to the account that a proof names, when it is right.
// A wrong one leaves the flow without an account, as if nothing had been said.
func (r *run) foundBy(ctx context.Context, m recovery.Namer, in recovery.Input) (*recovery.Problem, error) {
	id := m.Named(in)
	a, err := r.Person(ctx, id)
	if errors.Is(err, recovery.ErrNoAccount) {
		err = r.readDecoy(ctx)
	}
	if err != nil {
		return nil, err
	}
	r.bind(a, m.Traits().Name+" "+id)
	p, err := r.prove(ctx, recovery.Step{Page: recovery.PageSignIn, Method: m.Traits().Name}, in)
	if p != nil || err != nil {
		r.account, r.flow.Account, r.flow.Generation, r.flow.Decoy, r.flow.Goal = nil, "", 0, "", ""
	}
	return p, err
}

// named reads whom a form means: a name, address or number, or for a recovery
// a main number with its extension.
func (r *run) named(in recovery.Input) (recovery.Identifier, error) {
	if strings.TrimSpace(in.Name) == "" && in.Phone != "" && r.recipe().Replaces {
		l, err := recovery.ParseExtension(in.Phone, in.Extension)
		if err != nil {
			return recovery.Identifier{Kind: "line", Value: in.Phone}, err
		}
		return l.Identifier(), nil
	}
	id, err := recovery.Identify(in.Name)
	if err != nil {
		id.Value = strings.TrimSpace(in.Name)
	}
	return id, err
}

func (r *run) bind(a *recovery.Account, typed string) {
	if a != nil {
		r.visitors.named(a.ID)
	}
	if a == nil || !r.recipe().For(a.State) {
		r.account, r.flow.Decoy = r.decoy(typed), typed
		return
	}
	r.account, r.flow.Account, r.flow.Generation, r.flow.Acts = a, a.ID, a.Generation, a.Acts
	r.frozen()
}
