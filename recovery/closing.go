package recovery

import (
	"slices"
	"strconv"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Withdrawn is an address or number that was taken back before it counted. It
// was never its owner's, so the links that went there close nothing.
type Withdrawn struct {
	Entry string    `json:"entry"` // as [Address.Entry]
	Until time.Time `json:"until"` // when the last link sent there has ended by itself
	// Ended says that links about the change have ended too, wherever they
	// went: a notice or an administrator undid it. Somebody in a session could
	// otherwise change the address once more to end the owner's links.
	Ended bool `json:"ended,omitempty"`
}

// Entry names this entry of the list: the same address taken in once more is
// another one.
func (c Address) Entry() string {
	return secret.Sum(c.Channel + " " + c.Value + " " + strconv.FormatInt(c.ValidFrom.UnixMilli(), 10))
}

// maxWithdrawn is more than the messages of a day let anybody prove addresses
// for in the life of a notice.
const maxWithdrawn = 100

// withdraw takes back those addresses of a kind that do not count yet. ended
// says whether the links about them end too.
func (a *Account) withdraw(now time.Time, l Lifetimes, ended bool, kind func(Address) bool) {
	a.Addresses = slices.DeleteFunc(a.Addresses, func(c Address) bool {
		if !now.Before(c.ValidFrom) || !kind(c) {
			return false
		}
		a.Withdrawn = append(a.Withdrawn, Withdrawn{Entry: c.Entry(), Until: now.Add(l.Notice), Ended: ended})
		return true
	})
	a.Withdrawn = a.Withdrawn[max(len(a.Withdrawn)-maxWithdrawn, 0):]
}

// Closing is the ticket of a "this wasn't me" link that goes to a recipient. It
// lives from the event, whenever the notice is sent.
func (o Owed) Closing(account string, to Recipient, l Lifetimes) Ticket {
	return Ticket{
		Purpose: PurposeStop, Account: account, Generation: o.Generation, Event: o.Event,
		To: to.Entry, About: o.About, Made: o.At, Expires: o.At.Add(l.Notice),
	}
}

// Closes tells whether a "this wasn't me" link still closes the account: not
// when it has done so, when its event has none, when its address was withdrawn, nor when the account
// was closed and opened anew since. An address that was replaced keeps its links.
func (t *Ticket) Closes(a *Account) bool {
	return !t.Pressed && t.Event.Closes() && t.Generation >= a.Opened && !slices.ContainsFunc(a.Withdrawn, func(w Withdrawn) bool {
		return w.Entry == t.To || w.Ended && w.Entry == t.About
	})
}

// Removed are second factors that were taken off, as they were. A "this wasn't me"
// link of any notice puts them back until then.
type Removed struct {
	Until       time.Time    `json:"until"`
	Credentials []Credential `json:"credentials"`
}

// putFactorBack undoes [KindDropFactor], as long as it can be undone.
func (a *Account) putFactorBack(now time.Time) {
	r := a.Removed
	if a.Removed = nil; r == nil || !now.Before(r.Until) {
		return
	}
	a.Credentials = append(a.Credentials, r.Credentials...)
	a.SecondFactor = true
}
