package recovery

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Newcomer is a person whom an operator brings along from another program.
type Newcomer struct {
	NewAccount
	Line     int                        `json:"line"`              // of the file
	Display  string                     `json:"display,omitempty"` // as [CheckDisplayName]
	Disabled bool                       `json:"disabled,omitempty"`
	Brought  map[string]json.RawMessage `json:"credentials,omitempty"` // by method, see [Brought]
}

// Brought is a method whose credential may come from another program.
type Brought interface {
	Method
	// Bring reads what an import has made of it, and returns the data to store; an
	// error: it is nothing that this method could check.
	Bring(data json.RawMessage) (json.RawMessage, error)
}

// Untouched tells whether an account is as it was brought along.
func (a *Account) Untouched() bool { return a.Imported != nil && a.Imported.Sum == a.importSum() }

// asImported notes what the account is.
func (a *Account) asImported() { a.Imported.Sum = a.importSum() }

// importSum leaves out what the account gets without anybody's doing.
func (a *Account) importSum() string {
	c := *a
	c.Revision, c.Imported, c.Trail, c.Owed, c.Begun = 0, nil, Trail{}, nil, nil
	text, err := json.Marshal(c)
	if err != nil {
		return ""
	}
	return secret.Sum(string(text))
}

// Account returns the account of a newcomer, or everything that is wrong with it.
// Without a password it is an invited one. The operator answers for the addresses:
// they count at once.
func (n Newcomer) Account(m *Methods, now time.Time) (*Account, error) {
	a, err := n.Make(now)
	if err != nil {
		return nil, err
	}
	if a.DisplayName, err = CheckDisplayName(n.Display); err != nil {
		return nil, err
	}
	if err := a.bring(m, n.Brought, now); err != nil {
		return nil, err
	}
	if a.Credential(Password) != nil {
		a.State = StateActive
		for i := range a.Addresses {
			a.Addresses[i].Answered = AnsweredUnknown
		}
	}
	a.SecondFactor = m.HasFactor(a)
	if n.Disabled {
		a.StateBefore, a.State = a.State, StateDisabled
	}
	a.Imported = &Import{At: now}
	a.asImported()
	return a, nil
}

// bring takes what another program's password and authenticator were made into. A
// second factor without a password opens nothing, and is left out.
func (a *Account) bring(m *Methods, brought map[string]json.RawMessage, now time.Time) error {
	if brought[Password] == nil {
		return nil
	}
	for _, name := range m.Names() {
		data := brought[name]
		if data == nil {
			continue
		}
		x, ok := m.Get(name).(Brought)
		if !ok {
			return fmt.Errorf("%s: %w", name, ErrNotAllowed)
		}
		kept, err := x.Bring(data)
		if err != nil {
			return err
		}
		a.Credentials = append(a.Credentials, Credential{
			ID: secret.Token(9), Method: name, Version: 1, Created: now, Initial: true, Data: kept,
		})
	}
	if len(a.Credentials) != len(brought) {
		return errors.New("a credential of a method that is not known")
	}
	return nil
}

// Renew makes an account anew of what was brought along again; false: it has been
// used or changed since.
func (a *Account) Renew(anew *Account) bool {
	if !a.Untouched() {
		return false
	}
	id, created, revision, trail := a.ID, a.Created, a.Revision, a.Trail
	*a = *anew.Clone()
	a.ID, a.Created, a.Revision, a.Trail = id, created, revision, trail
	a.asImported()
	return true
}
