package recovery

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// maxRecord bounds one record in bytes. The longest reason fits, sealed.
const maxRecord = 6 << 10

// Record is an event as the audit trail keeps it. It names people by the ids of
// their accounts only, so that nobody is in it any more once the account is gone.
type Record struct {
	ID     string    `json:"id"`
	At     time.Time `json:"at"` // UTC
	Event  EventName `json:"event"`
	Whom   string    `json:"whom,omitempty"` // account it happened to; empty: to none
	Number uint64    `json:"n,omitempty"`    // in the row of all changes of that account, from 1 on; zero: it was no change of it
	Who    string    `json:"who,omitempty"`  // account that did it
	As     string    `json:"as,omitempty"`   // what did it, where that was no account
	Method string    `json:"method,omitempty"`
	Flow   string    `json:"flow,omitempty"`
	Count  int       `json:"count,omitempty"` // how many it stands for, where they are joined
	Node   string    `json:"node"`            // process in which it happened
	// Sealed is the [Private] part of what happened to an account, under the key of
	// that account, with which it goes; Open is that of what happened to none.
	Sealed []byte   `json:"sealed,omitempty"`
	Open   *Private `json:"open,omitempty"`
}

// Private is what of a record is about a person and not needed to check it.
type Private struct {
	Network string `json:"network,omitempty"`
	Browser string `json:"browser,omitempty"`
	Detail  string `json:"detail,omitempty"` // why, and what of
}

// NewRecord is the record of an event in a process, and what of it is private.
func NewRecord(e Event, node string) (Record, Private) {
	r := Record{
		ID: secret.Token(9), At: e.At.UTC().Truncate(time.Millisecond), Event: e.Name, Whom: e.Account, Who: e.ActorID,
		Method: tame(e.Method, maxWord), Flow: tame(e.Flow, maxWord), Count: e.Count, Node: node,
	}
	if r.Who == "" {
		r.As = tame(e.Actor, maxWord)
	}
	return r, Private{tame(e.Network, maxWord), tame(e.Browser, maxWord), tame(e.Detail, maxDetail)}
}

// Bounds of the texts of a record in bytes. The longest reason fits.
const (
	maxWord   = 200
	maxDetail = 1000
)

// tame replaces what is not seen as itself, and cuts what is too long: a record is
// read in terminals and by programs that go by lines.
func tame(s string, most int) string {
	var b bytes.Buffer
	for _, c := range s {
		if b.Len() > most-utf8.UTFMax {
			break
		}
		if !unicode.IsPrint(c) || c == utf8.RuneError {
			c = '?'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// seal puts the private part into the record: under a key, or open where it is
// about nobody. Without the key of an account it is left out.
func (r *Record) seal(key []byte, p Private) error {
	switch {
	case p == Private{}:
		return nil
	case r.Whom == "":
		r.Open = &p
		return nil
	case key == nil:
		return nil
	}
	var body bytes.Buffer
	out := json.NewEncoder(&body)
	out.SetEscapeHTML(false) // it would make a reason six times as long
	if err := out.Encode(p); err != nil {
		return err
	}
	var err error
	r.Sealed, err = secret.SealFor(key, r.sealName(), bytes.TrimSpace(body.Bytes()))
	return err
}

func (r *Record) sealName() string { return "record " + r.ID + " " + r.Whom }

// Private opens what is private in a record, with the key of the account it is
// about; false: it does not open, as when that account is gone.
func (r *Record) Private(key []byte) (Private, bool) {
	switch {
	case r.Open != nil:
		return *r.Open, true
	case r.Sealed == nil:
		return Private{}, true
	}
	var p Private
	body, err := secret.OpenFor(key, r.sealName(), r.Sealed)
	if err != nil || json.Unmarshal(body, &p) != nil {
		return Private{}, false
	}
	return p, true
}

// ErrRecord says that bytes are no record of the audit trail.
var ErrRecord = errors.New("no record of the audit trail")

// ParseRecord reads a record, and nothing that could be read in two ways: of each
// record there is one spelling.
func ParseRecord(raw []byte) (Record, error) {
	var r Record
	if len(raw) > maxRecord {
		return r, fmt.Errorf("%w: %d bytes", ErrRecord, len(raw))
	}
	in := json.NewDecoder(bytes.NewReader(raw))
	in.DisallowUnknownFields()
	if err := in.Decode(&r); err != nil {
		return Record{}, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	if again, err := json.Marshal(r); err != nil || !bytes.Equal(again, raw) {
		return Record{}, fmt.Errorf("%w: spelt in another way", ErrRecord)
	}
	if r.ID == "" || r.Event == "" || r.Node == "" || r.Count < 0 || r.Number > 0 && r.Whom == "" {
		return Record{}, fmt.Errorf("%w: incomplete", ErrRecord)
	}
	words := []string{r.ID, string(r.Event), r.Whom, r.Who, r.As, r.Method, r.Flow, r.Node}
	if r.Open != nil {
		words = append(words, r.Open.Network, r.Open.Browser, r.Open.Detail)
	}
	if slices.ContainsFunc(words, func(w string) bool { return tame(w, maxRecord) != w }) {
		return Record{}, fmt.Errorf("%w: it has characters that are not seen", ErrRecord)
	}
	return r, nil
}

// Encode writes a record as [ParseRecord] reads it.
func (r Record) Encode() (json.RawMessage, error) {
	body, err := json.Marshal(r)
	if err == nil && len(body) > maxRecord {
		err = fmt.Errorf("%w: %d bytes", ErrRecord, len(body))
	}
	return body, err
}
