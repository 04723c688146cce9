// Package breached asks whether a password is among those that were stolen
// elsewhere (ASVS 5.0, 6.2.12): in a file of hashes, or at a service. Neither is
// given the password, and a service gets 20 of the 160 bits of its hash. No error
// repeats a part of the hash, nor the place of a line in a file, which says as
// much.
package breached

import (
	"context"
	"crypto/sha1" //nolint:gosec // the collections are made of it; nothing of ours rests on it
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Timeout bounds one question. Whoever chooses a password waits for it.
const Timeout = 2 * time.Second

// quiet is how long after a log line none follows.
const quiet = time.Minute

// Source is a collection of stolen passwords.
type Source interface {
	// Has tells whether a hash, made by [Hash], is in it.
	Has(ctx context.Context, hash string) (bool, error)
}

// Hash is the SHA-1 of a password in upper-case hex: 40 characters.
func Hash(password string) string {
	sum := sha1.Sum([]byte(password)) //nolint:gosec // see above
	return strings.ToUpper(hex.EncodeToString(sum[:]))
}

// List asks a source, and takes a password that it cannot ask about: people could
// choose none while the source is away, and what is built in was asked before.
type List struct {
	Source Source
	Log    *slog.Logger
	Now    func() time.Time

	mu   sync.Mutex
	told time.Time // when a fault was logged last
}

// Has tells whether a password is known to be stolen. A fault of the source is
// logged, at most once a minute, and is no.
func (l *List) Has(ctx context.Context, password string) bool {
	limited, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	found, err := l.Source.Has(limited, Hash(password))
	if err != nil && ctx.Err() == nil { // else the browser has gone
		l.tell(err)
	}
	return found && err == nil
}

func (l *List) tell(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := l.Now(); l.told.IsZero() || now.Sub(l.told).Abs() >= quiet {
		l.told = now
		l.Log.Warn("new passwords are not compared with stolen ones; see caddy sparekey doctor", "error", err)
	}
}

// errLine says that a line is not one of a collection. It does not repeat it.
var errLine = errors.New("a line is not one of hex digits and a count")

// parse reads a line: hex digits, in upper case as it gives them, and perhaps a
// colon and a count, which is 1 where there is none.
func parse(line string, digits int) (hash string, count uint64, err error) {
	hash, number, counted := strings.Cut(strings.TrimSuffix(line, "\r"), ":")
	if count = 1; counted {
		if count, err = strconv.ParseUint(number, 10, 64); err != nil {
			return "", 0, errLine
		}
	}
	hash = strings.ToUpper(hash)
	if len(hash) != digits || strings.Trim(hash, "0123456789ABCDEF") != "" {
		return "", 0, fmt.Errorf("%w (%d digits)", errLine, digits)
	}
	return hash, count, nil
}
