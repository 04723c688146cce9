package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrPermanent marks a failure that would happen again: the address does not
// exist, the gateway refuses the request, the settings are wrong. Such a letter
// is given up. Every other error is temporary and the letter is tried again.
var ErrPermanent = errors.New("permanent failure")

// ErrBudget tells that the day's number of text messages is used up. It is
// permanent: a code that waits for tomorrow is of no use.
var ErrBudget = errors.New("daily budget of text messages is used up")

// Letter is a rendered message to one person.
type Letter struct {
	ID      string // random, shared with the log
	Channel string // one of recovery's channels: "mail", "sms", "push", "webhook"
	To      string // one mail address, one number in E.164 form (+33612345678), or the account's name
	Event   string // what a notice is about; empty: no notice
	Subject string // not for text messages; one line
	Text    string // plain text, UTF-8
	HTML    string // the same for mail programs that show HTML; empty: text only
	Secret  bool   // holds what helps to get in: never to a channel that others read
	Expires time.Time
}

// Sender hands one letter to the outside.
//
// An error with errors.Is(err, ErrPermanent) gives the letter up, any other
// error asks for another try. Send may be called from several goroutines, and
// returns soon after ctx is done. Its errors hold no password and no key;
// Queue removes address, code and link from what it logs.
type Sender interface {
	Send(ctx context.Context, l Letter) error
}

func permanentf(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrPermanent, fmt.Errorf(format, args...))
}

// oneLine refuses what could start another header: CR, LF and NUL.
func oneLine(field, value string) error {
	if strings.ContainsAny(value, "\r\n\x00") {
		return fmt.Errorf("%s holds a line break", field)
	}
	return nil
}
