package caddymodule

import (
	"log/slog"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

type control struct{}

func newControl(*slog.Logger, *secret.Keys, string) (*control, error) { return &control{}, nil }

func (*control) serve(*recovery.Engine, func() string) {}

func (*control) close() {}

func folder(s Store) string { return s.Folder() }
