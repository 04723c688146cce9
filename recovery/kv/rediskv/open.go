package rediskv

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/caddy-sparekey/sparekey/recovery/supervise"
)

// Errors of [Open].
var (
	// ErrURL says that Options.URL cannot be used. It does not repeat it: it
	// may hold a password.
	ErrURL = errors.New("the address must be redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE] or rediss://… " +
		"(in user name and password write special characters as %XX)")

	// ErrEvicts says that the server may drop records to save memory.
	ErrEvicts = errors.New("the redis server may evict accounts and sessions")

	// ErrMode says that the server is one of several that share the work.
	ErrMode = errors.New("the redis server is not a single one")
)

// CheckURL tells whether Options.URL can be used, without a connection. Its error
// is [ErrURL].
func CheckURL(address string) error {
	_, err := parse(address)
	return err
}

// parse reads the URL. A port that is none, and the address of a socket, would
// fail only when the server is looked for.
func parse(address string) (*redis.Options, error) {
	options, err := redis.ParseURL(address)
	if err != nil || options.Network != "tcp" {
		return nil, ErrURL // err quotes the URL, in parts or whole
	}
	_, port, err := net.SplitHostPort(options.Addr)
	if err != nil {
		return nil, ErrURL
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, ErrURL
	}
	return options, nil
}

// Open connects to the server and looks at its settings. It returns a
// [kv.ErrAway] when the server does not answer or is loading; the caller may try
// again. Any other, such as [ErrURL], [ErrEvicts] and [ErrMode], needs somebody to
// change something first.
func Open(ctx context.Context, o Options) (*Driver, error) {
	o.Prefix = cmp.Or(o.Prefix, DefaultPrefix)
	o.Timeout = cmp.Or(o.Timeout, DefaultTimeout)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	setLibraryLogger(o.Logger)
	client, err := newClient(o)
	if err != nil {
		return nil, err
	}
	d := &Driver{client: client, prefix: o.Prefix, channel: o.Prefix + "changes", timeout: o.Timeout}
	if err := d.examine(ctx, o.Logger); err != nil {
		return nil, errors.Join(away(err), client.Close())
	}
	d.watch = newWatch(client, d.channel, o.Timeout, o.Logger)
	watching, stop := context.WithCancel(context.Background()) // not ctx, which ends with the start
	d.stopWatch = stop
	d.running.Go(supervise.Func(o.Logger, "reports of redis", func() { d.watch.run(watching) }))
	return d, nil
}

// newClient is the one place that knows what kind of server the URL names.
func newClient(o Options) (redis.UniversalClient, error) {
	options, err := parse(o.URL)
	if err != nil {
		return nil, err
	}
	// Without this a deadline is heeded while connecting, but not while reading.
	options.ContextTimeoutEnabled = true
	options.DialTimeout = o.Timeout
	options.ReadTimeout = o.Timeout
	options.WriteTimeout = o.Timeout
	options.PoolTimeout = o.Timeout
	options.MaxRetries = -1   // a swap whose reply was lost must not run twice
	options.DialerRetries = 2 // attempts, so one retry; default 5
	options.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(options), nil
}

// examine finds out now what would otherwise fail at night.
func (d *Driver) examine(ctx context.Context, logger *slog.Logger) error {
	if err := d.client.Ping(ctx).Err(); err != nil {
		return notAnswered(err)
	}
	if err := d.examineMode(ctx); err != nil {
		return err
	}
	if err := d.client.Publish(ctx, d.channel, beats+"hello").Err(); err != nil {
		return fmt.Errorf("redis must allow publish on the channel %q (ACL &%s* +@pubsub): %w", d.channel, d.prefix, err)
	}
	policy, err := d.policy(ctx)
	switch {
	case isForbidden(err):
		logger.Warn("redis does not tell its maxmemory-policy: make sure that it is noeviction", "error", err)
	case err != nil:
		return fmt.Errorf("ask redis for its maxmemory-policy: %w", err)
	case policy != noEviction:
		return fmt.Errorf("%w: its maxmemory-policy is %q: set it to noeviction", ErrEvicts, policy)
	}
	return d.examinePersistence(ctx, logger)
}

// noEviction is the one policy that drops nothing.
const noEviction = "noeviction"

// policy is what the server does when its memory is full.
func (d *Driver) policy(ctx context.Context) (string, error) {
	policy, err := d.setting(ctx, "maxmemory-policy")
	if isForbidden(err) {
		return d.policyFromInfo(ctx)
	}
	return policy, err
}

// notAnswered tells a server that refuses from one that is not there.
func notAnswered(err error) error {
	if isForbidden(err) && !busy(err.Error()) {
		return fmt.Errorf("redis refuses: %w: see that user and password are right, and that the database exists", err)
	}
	return fmt.Errorf("redis does not answer: %w", err)
}

// examineMode refuses a Cluster, where records are on several servers, and a
// Sentinel, which keeps none. One that does not tell is found out by its answers.
func (d *Driver) examineMode(ctx context.Context) error {
	text, err := d.client.Info(ctx, "server").Result()
	if err != nil && !isForbidden(err) {
		return fmt.Errorf("ask redis what it is: %w", err)
	}
	for line := range strings.Lines(text) {
		mode, ok := strings.CutPrefix(line, "redis_mode:")
		if mode = strings.TrimSpace(mode); ok && mode != "standalone" {
			return fmt.Errorf("%w: it is a %s: name a single server", ErrMode, mode)
		}
	}
	return nil
}

func (d *Driver) examinePersistence(ctx context.Context, logger *slog.Logger) error {
	lost, err := d.persistsNothing(ctx)
	switch {
	case isForbidden(err):
		logger.Warn("redis does not tell whether it persists anything: make sure that it does", "error", err)
	case err != nil:
		return fmt.Errorf("ask redis whether it persists anything: %w", err)
	case lost:
		logger.Warn("redis persists nothing: all accounts are gone when it restarts; set 'appendonly yes'")
	}
	return nil
}

// persistsNothing tells that a restart of the server forgets everything.
func (d *Driver) persistsNothing(ctx context.Context) (bool, error) {
	save, err := d.setting(ctx, "save")
	if err != nil {
		return false, err
	}
	appendOnly, err := d.setting(ctx, "appendonly")
	return err == nil && save == "" && appendOnly == "no", err
}

// setting reads a setting of the server. The error of one who may not ask is
// for isForbidden.
func (d *Driver) setting(ctx context.Context, name string) (string, error) {
	values, err := d.client.ConfigGet(ctx, name).Result()
	if err != nil {
		return "", err
	}
	value, ok := values[name]
	if !ok {
		return "", errUntold
	}
	return value, nil
}

var errUntold = errors.New("the answer is empty")

// policyFromInfo is for hosted servers that allow INFO but not CONFIG.
func (d *Driver) policyFromInfo(ctx context.Context) (string, error) {
	text, err := d.client.Info(ctx, "memory").Result()
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(text) {
		if policy, ok := strings.CutPrefix(line, "maxmemory_policy:"); ok {
			return strings.TrimSpace(policy), nil
		}
	}
	return "", errUntold
}

// isForbidden tells an answer of the server from the lack of one.
func isForbidden(err error) bool {
	var answer redis.Error
	return errors.Is(err, errUntold) || errors.As(err, &answer)
}

// libraryLogger takes what go-redis says, which would go to stderr.
type libraryLogger struct{ logger *slog.Logger }

// Printf implements go-redis's logger.
func (l libraryLogger) Printf(ctx context.Context, format string, args ...any) {
	l.logger.DebugContext(ctx, fmt.Sprintf(format, args...))
}

//nolint:gochecknoglobals // go-redis has one logger for the whole process
var libraryLoggerOnce sync.Once

func setLibraryLogger(logger *slog.Logger) {
	libraryLoggerOnce.Do(func() { redis.SetLogger(libraryLogger{logger}) })
}
