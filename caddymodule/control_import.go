package caddymodule

import (
	"context"
	"errors"

	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// importPeople does a part of an import.
func (o *operations) importPeople(ctx context.Context, args *importArguments) ([]engine.Imported, error) {
	if args == nil {
		return nil, errors.New("import without people")
	}
	return o.engine.Import(ctx, args.People, args.Try)
}

// carry reads a part of what a backup takes, as it is stored, sealed.
func (o *operations) carry(ctx context.Context, part *engine.CarryPage) (engine.CarryPage, error) {
	if part == nil {
		return engine.CarryPage{}, errors.New("carry without a part")
	}
	return o.engine.Carry(ctx, *part)
}
