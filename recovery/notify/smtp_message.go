package notify

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// compose builds the mail: text first, HTML as the alternative.
func (s *SMTP) compose(l Letter) (*gomail.Msg, error) {
	if err := errors.Join(oneLine("subject", l.Subject), oneLine("to", l.To)); err != nil {
		return nil, err
	}
	to, err := recipient(l.To)
	if err != nil {
		return nil, err
	}
	from, err := s.sender()
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(to)
	msg.Subject(l.Subject)
	msg.SetDateWithValue(s.now().UTC())
	msg.SetMessageIDWithValue(s.messageID(l))
	// RFC 3834, section 5: nobody's out-of-office note shall answer this.
	msg.SetGenHeader(gomail.Header("Auto-Submitted"), "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, l.Text)
	if l.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, l.HTML)
	}
	return msg, nil
}

// recipient takes exactly one bare address: a list or a display name here could
// only come from somebody who tries to send a code to a second mailbox.
func recipient(to string) (*mail.Address, error) {
	address, err := mail.ParseAddress(to)
	if err != nil || address.Address != to {
		return nil, fmt.Errorf("recipient is not one mail address")
	}
	return address, nil
}

// messageID is the same for every try of a letter, so that a mailbox can drop a
// copy that arrived twice, and begins with the letter's id, which is in the log.
// The recipient is mixed in: one notice goes to several addresses, which may end
// in one mailbox.
func (s *SMTP) messageID(l Letter) string {
	id := l.ID
	if id == "" || strings.Trim(id, idCharacters) != "" {
		id = rand.Text()
	}
	sum := sha256.Sum256([]byte(l.ID + "\x00" + l.To))
	return id + "." + hex.EncodeToString(sum[:4]) + "@" + s.domain()
}

// idCharacters may stand in a Message-ID without quotes (RFC 5322, section
// 3.2.3), without those that mean something to a reader of logs.
const idCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
