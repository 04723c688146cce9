package lint

import (
	"slices"
	"strconv"
	"strings"
)

// Shape is what an account has. Every account has a password.
type Shape struct {
	TOTP     bool `json:"totp,omitempty"`
	Passkey  bool `json:"passkey,omitempty"`
	Verified bool `json:"verified,omitempty"` // the passkey asks its owner for a finger or a number
	Codes    bool `json:"recovery_code,omitempty"`
	Mail     bool `json:"mail,omitempty"`
	Phone    bool `json:"phone,omitempty"`
	Push     bool `json:"push,omitempty"`   // told by push as well; proves nothing
	Device   bool `json:"device,omitempty"` // another browser is signed in, and shows notices
	Contacts int  `json:"contacts,omitempty"`
	PIN      bool `json:"pin,omitempty"`
	Question bool `json:"question,omitempty"`
	// Who may vouch. Their sets are listed and not compared.
	Admin    bool `json:"admin,omitempty"`
	InPerson bool `json:"admin_in_person,omitempty"`
	Rescue   bool `json:"rescue,omitempty"`
	// Manages is an account that is an administrator itself: what was handed
	// over in person waits for it.
	Manages bool `json:"manages,omitempty"`
}

// HasFactor reports whether the account signs in with a second factor.
func (s Shape) HasFactor() bool { return s.TOTP || s.Passkey }

// String lists what the account has, authority aside.
func (s Shape) String() string {
	words := []string{"password"}
	add := func(has bool, name string) {
		if has {
			words = append(words, name)
		}
	}
	add(s.TOTP, "authenticator")
	add(s.Passkey && s.Verified, "passkey")
	add(s.Passkey && !s.Verified, "passkey without check")
	add(s.Codes, "codes")
	add(s.Mail, "mail")
	add(s.Phone, "phone")
	add(s.Push, "push")
	add(s.Device, "device")
	add(s.Contacts == 1, "1 contact")
	add(s.Contacts > 1, strconv.Itoa(s.Contacts)+" contacts")
	add(s.PIN, "pin")
	add(s.Question, "question")
	return strings.Join(words, ", ")
}

// source tells how often the account has a source.
func (s Shape) source(name string) int {
	has, known := map[string]bool{
		SourceTOTP: s.TOTP, SourcePasskey: s.Passkey, SourceCodes: s.Codes,
		SourceMail: s.Mail, SourceSMS: s.Phone, SourceDevice: s.Device,
		SourceAdmin: s.Admin, SourceInPerson: s.InPerson, SourceRescue: s.Rescue,
	}[name]
	switch {
	case name == SourceContact:
		return min(s.Contacts, maxContacts)
	case known && !has:
		return 0
	}
	return 1
}

// knows reports whether a proof of a source the account has is set up.
func (s Shape) knows(proof string) bool {
	return (proof != "pin" || s.PIN) && (proof != "question" || s.Question)
}

// size counts what the account has, to find the simplest example of a finding.
func (s Shape) size() int { return strings.Count(s.String(), ",") }

// Shapes lists every account the table can tell apart, without authority: for
// that is not compared. Things no way, row or channel mentions are left out.
func Shapes(t Table) []Shape {
	shapes := []Shape{{}, {TOTP: true}, {Passkey: true}, {Passkey: true, Verified: true}, {TOTP: true, Passkey: true}, {TOTP: true, Passkey: true, Verified: true}}
	vary := func(use bool, set func(*Shape)) {
		if !use {
			return
		}
		for _, s := range slices.Clone(shapes) {
			set(&s)
			shapes = append(shapes, s)
		}
	}
	vary(true, func(s *Shape) { s.Codes = true })
	vary(true, func(s *Shape) { s.Mail = true })
	vary(true, func(s *Shape) { s.Phone = true })
	vary(true, func(s *Shape) { s.Device = true })
	vary(slices.Contains(t.Channels, channelPush), func(s *Shape) { s.Push = true })
	vary(t.mentions("pin") > 0, func(s *Shape) { s.PIN = true })
	vary(t.mentions("question") > 0, func(s *Shape) { s.Question = true })
	most := t.mentions("contact")
	vary(most > 0, func(s *Shape) { s.Contacts = most })
	return shapes
}

// mentions is the largest count with which a way or question asks for a proof.
func (t Table) mentions(proof string) int {
	most := 0
	look := func(s string) {
		if name, n := word(s); name == proof {
			most = max(most, n)
		}
	}
	for _, ways := range t.Ways {
		for _, w := range ways {
			for _, p := range w.Proofs {
				look(p)
			}
		}
	}
	for _, p := range t.Ask {
		look(p)
	}
	return most
}

// Standard lists the accounts that explain shows: without a second factor, as
// set-up leaves them, with a phone, and with a passkey instead.
func Standard() []Shape {
	help := Shape{Admin: true, InPerson: true, Rescue: true, Mail: true, Codes: true}
	plain, usual, full, key := help, help, help, help
	plain.Device = true
	usual.TOTP = true
	full.TOTP, full.Phone, full.Device, full.Contacts = true, true, true, 2
	key.Passkey, key.Verified, key.Phone, key.Device = true, true, true, true
	return []Shape{plain, usual, full, key}
}
