package rediskv

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// awayError is an error after which the same call may work later: it is
// [kv.ErrAway] in the words of err.
type awayError struct{ error }

// Is implements the interface that errors.Is looks for.
func (awayError) Is(target error) bool { return target == kv.ErrAway }

// Unwrap gives the error itself.
func (a awayError) Unwrap() error { return a.error }

// away marks an error that says that nobody is there, or not ready. Any other
// stays as it is: a server that refuses, or that is not to be trusted, stays so
// until somebody changes something.
func away(err error) error {
	var answer redis.Error
	var network net.Error
	var alert tls.AlertError // it is in a net.Error
	switch {
	case err == nil, errors.As(err, &alert):
		return err
	case errors.As(err, &answer) && busy(answer.Error()), errors.As(err, &network),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, io.EOF), errors.Is(err, redis.ErrPoolTimeout):
		return awayError{err}
	}
	return err
}

// busy tells an answer of a server that is there and not ready: it reads its file,
// runs a script, has lost its primary, or has no connection left.
func busy(answer string) bool {
	code, _, _ := strings.Cut(answer, " ")
	switch code {
	case "LOADING", "BUSY", "MASTERDOWN", "TRYAGAIN":
		return true
	}
	return strings.HasPrefix(answer, "ERR max number of clients reached")
}
