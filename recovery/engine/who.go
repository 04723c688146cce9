package engine

import (
	"context"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// who binds the flow to the account named, or to a stand-in. What follows costs
// and looks the same.
func (r *run) who(ctx context.Context, in recovery.Input) (*recovery.Problem, error) {
	typed, err := r.named(in)
	if typed.Value == "" {
		return recovery.NewProblem(recovery.ProblemMissing), nil
	}
	if err != nil {
		typed.Kind = "odd" // belongs to nobody, and costs the same
	}
	r.flow.Name = in.Name
	var a *recovery.Account
	if typed.Kind == "line" {
		number, extension, _ := strings.Cut(typed.Value, "#")
		a, err = r.findLine(ctx, recovery.Line{Number: number, Extension: extension})
	} else {
		a, err = r.find(ctx, typed)
	}
	if err != nil {
		return nil, err
	}
	r.bind(a, typed.Kind+" "+typed.Value)
	return nil, nil
}

// named reads which account a form means: by a name, address or number, or for
// a recovery by a main number with its extension.
func (r *run) named(in recovery.Input) (recovery.Identifier, error) {
	if strings.TrimSpace(in.Name) == "" && in.Phone != "" && r.flow.Kind == recovery.KindRecover {
		l, err := recovery.ParseLine(in.Phone, in.Extension)
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
	if a == nil || a.State != recovery.StateActive && (a.State != recovery.StateFrozen || r.flow.Kind != recovery.KindRecover) {
		r.account, r.flow.Nobody = r.standIn(typed), typed
		return
	}
	r.account, r.flow.Account, r.flow.Generation = a, a.ID, a.Generation
	r.frozen()
}
