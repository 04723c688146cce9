package recovery

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// AccessKey lets a program in as its owner, where a site takes keys. It is a row
// of the account, so that one write ends it together with everything else.
type AccessKey struct {
	ID        string    `json:"id"`              // names it; no part of the secret
	TokenHash string    `json:"sum"`             // of its secret, which is shown once and kept nowhere
	Name      string    `json:"name"`            // what its owner calls it
	Hosts     []string  `json:"hosts,omitempty"` // as [CanonicalHost]; empty: every host
	Paths     []string  `json:"paths,omitempty"` // as [CheckPath]; empty: every path that takes keys
	Maker     string    `json:"by,omitempty"`    // id of the account that made it; empty: the command line
	Created   time.Time `json:"made"`
	End       time.Time `json:"end,omitzero"`  // zero: never
	Used      time.Time `json:"used,omitzero"` // day of the last use, UTC; zero: none
	Suspended bool      `json:"off,omitempty"` // since a recovery, or since the account was closed
}

// Limits of access keys: with them a full set is 3 KB of the account's record.
const (
	MaxKeys    = 10
	maxKeySize = 300 // bytes of one row, as JSON
	maxKeyName = 40  // bytes
)

// KeyLife is how long an access key lives unless its maker says less.
const KeyLife = 365 * 24 * time.Hour

// KeyPrefix begins every access key, so that people, programs and scanners for
// leaked secrets see what it is.
const KeyPrefix = "sk_"

// An access key is the prefix, the id of its account, by which one read finds it,
// and a secret of 20 random bytes.
const (
	keySecretBytes = 20
	keySecretSize  = 27
	KeySize        = len(KeyPrefix) + IDSize + keySecretSize
)

// Errors of access keys; the text says what to do.
var (
	ErrTooManyKeys = errors.New("there are " + strconv.Itoa(MaxKeys) + " access keys already: revoke one first")
	ErrKeyName     = errors.New("an access key needs a name of at most " + strconv.Itoa(maxKeyName) + " bytes, without control characters")
	ErrKeyNamed    = errors.New("there is an access key of that name already: choose another name, or revoke it first")
	ErrKeyTooLong  = errors.New("name, hosts and paths of the access key are too long together: use fewer, or make two keys")
	ErrKeyHost     = errors.New("no host")
	ErrKeyPath     = errors.New("no path for a key")
	ErrNoKey       = errors.New("no such access key")
)

// NewKeySecret makes the secret part of an access key.
func NewKeySecret() string { return secret.Token(keySecretBytes) }

// JoinKey makes an access key of an account's id and a secret part.
func JoinKey(account, token string) string { return KeyPrefix + account + token }

// SplitKey returns the account id and the sum of the secret; empty for anything
// that cannot be an access key.
func SplitKey(key string) (id, sum string) {
	if len(key) != KeySize || !strings.HasPrefix(key, KeyPrefix) || !base64URL(key) {
		return "", ""
	}
	rest := key[len(KeyPrefix):]
	return rest[:IDSize], secret.Sum(rest[IDSize:])
}

func (k AccessKey) canonical() (AccessKey, error) {
	k.Name = strings.TrimSpace(k.Name)
	if k.Name == "" || len(k.Name) > maxKeyName || strings.ContainsFunc(k.Name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return k, ErrKeyName
	}
	var hosts []string
	for _, typed := range k.Hosts {
		host, err := CanonicalHost(typed)
		if err != nil {
			return k, err
		}
		hosts = append(hosts, host)
	}
	for _, p := range k.Paths {
		if err := CheckPath(p); err != nil {
			return k, err
		}
	}
	k.Hosts, k.Created, k.End, k.Used = hosts, k.Created.UTC().Truncate(time.Second), k.End.UTC().Truncate(time.Second), time.Time{}
	return k, nil
}

// On tells whether the key is for a host, as [CanonicalHost] has it.
func (k *AccessKey) On(host string) bool { return len(k.Hosts) == 0 || slices.Contains(k.Hosts, host) }

// Day is the beginning of a day, UTC.
func Day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
