package engine

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// rowLock is a lock that has begun. It is kept in the roster only: a try of a
// stranger must not write the account.
type rowLock struct {
	Until time.Time `json:"until"`
	Of    string    `json:"of"`   // what is locked: the name of a method, or lockOfPause
	Mark  string    `json:"mark"` // as lockOf; another one: it was lifted
}

// lockOfPause is "lock after N": it hangs on the account, and not on its password.
const lockOfPause = "pause"

// lockOf changes when a lock of an account is lifted: by an administrator, by new
// credentials, or for the password by a sign-in.
func (*Engine) lockOf(a *recovery.Account, of string) string {
	if of == lockOfPause {
		return strconv.FormatUint(a.Unlocks, 10)
	}
	var ids []string
	for _, c := range a.Credentials {
		if c.Method == of || c.Method == recovery.Password {
			ids = append(ids, c.ID)
		}
	}
	mark := secret.Sum(strings.Join(ids, " "))[:8]
	if of == recovery.Password {
		mark += "." + strconv.FormatUint(a.Unlocks+a.SignIns, 10)
	}
	return mark
}

// until is the end of a lock; zero: there is none.
func (l *rowLock) until() time.Time { return cmp.Or(l, &rowLock{}).Until }
