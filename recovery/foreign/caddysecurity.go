package foreign

import (
	"bytes"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery/method"
)

var errNoJSON = errors.New("the file is no users.json of caddy-security, or was cut off")

// caddySecurity is the users.json of caddy-security's local store.
func caddySecurity() Format {
	return Format{"caddy-security", "users.json of caddy-security", readCaddySecurity}
}

type jsonUser struct {
	Disabled bool                       `json:"disabled"`
	Username string                     `json:"username"`
	Mail     struct{ Address string }   `json:"email_address"`
	Mails    []struct{ Address string } `json:"email_addresses"`
	Roles    []struct{ Name string }    `json:"roles"`
	Words    []jsonPassword             `json:"passwords"`
	Tokens   []jsonToken                `json:"mfa_tokens"`
}

type jsonPassword struct {
	Hash     string `json:"hash"`
	Expired  bool   `json:"expired"`
	Disabled bool   `json:"disabled"`
}

type jsonToken struct {
	Type      string `json:"type"`
	Algorithm string `json:"algorithm"`
	Secret    string `json:"secret"`
	Period    int    `json:"period"`
	Digits    int    `json:"digits"`
	Expired   bool   `json:"expired"`
	Disabled  bool   `json:"disabled"`
}

// readCaddySecurity reads the list one by one, to know the lines.
func readCaddySecurity(text []byte) ([]Person, error) {
	in := json.NewDecoder(bytes.NewReader(text))
	if err := findList(in, "users"); err != nil {
		return nil, err
	}
	var people []Person
	lines := lineCounter{text: text}
	for in.More() {
		line := lines.next(in.InputOffset())
		var u jsonUser
		if err := in.Decode(&u); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, errNoJSON)
		}
		if people = append(people, u.person(line)); len(people) > maxPeople {
			return nil, errMany
		}
	}
	if err := rest(in); err != nil {
		return nil, err
	}
	return people, nil
}

// findList reads up to the list of a name in the outer object.
func findList(in *json.Decoder, name string) error {
	if t, err := in.Token(); err != nil || t != json.Delim('{') {
		return errNoJSON
	}
	for in.More() {
		key, err := in.Token()
		if err != nil {
			return errNoJSON
		}
		if key == name {
			if t, err := in.Token(); err != nil || t != json.Delim('[') {
				return errNoJSON
			}
			return nil
		}
		var skipped json.RawMessage
		if err := in.Decode(&skipped); err != nil {
			return errNoJSON
		}
	}
	return errNoJSON
}

// rest reads to the end: a file that was cut off has none.
func rest(in *json.Decoder) error {
	if t, err := in.Token(); err != nil || t != json.Delim(']') {
		return errNoJSON
	}
	for in.More() {
		if _, err := in.Token(); err != nil {
			return errNoJSON
		}
		var skipped json.RawMessage
		if err := in.Decode(&skipped); err != nil {
			return errNoJSON
		}
	}
	if t, err := in.Token(); err != nil || t != json.Delim('}') {
		return errNoJSON
	}
	return nil
}

func (u jsonUser) person(line int) Person {
	p := Person{Line: line, Name: u.Username, Mail: u.Mail.Address, Disabled: u.Disabled}
	if p.Mail == "" && len(u.Mails) > 0 {
		p.Mail = u.Mails[0].Address
	}
	for _, r := range u.Roles {
		if !slices.Contains(p.Groups, r.Name) {
			p.Groups = append(p.Groups, r.Name)
		}
	}
	for _, w := range u.Words {
		if !w.Disabled && !w.Expired {
			p.Hash = w.Hash
			break
		}
	}
	for _, t := range u.Tokens {
		t.give(&p)
	}
	return p
}

// give takes a second factor over. The key of an app is the text itself there, not
// what it would be in base32.
func (t jsonToken) give(p *Person) {
	switch {
	case t.Disabled, t.Expired:
	case t.Type != "totp":
		p.note("has a security key, which hangs on the address it was made at: it has to be made here again")
	case p.TOTP != nil:
		p.note("has several authenticators: the first one is taken over")
	default:
		secret := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(t.Secret))
		p.TOTP = &method.Authenticator{Secret: secret, Algorithm: t.Algorithm, Digits: t.Digits, Period: t.Period}
	}
}

// lineCounter tells in which line a place of a text is, each place further on than
// the one before.
type lineCounter struct {
	text []byte
	at   int64
	line int
}

// next is the line of what stands behind blanks and a comma at a place.
func (c *lineCounter) next(offset int64) int {
	for offset < int64(len(c.text)) && bytes.IndexByte([]byte(" \t\r\n,"), c.text[offset]) >= 0 {
		offset++
	}
	c.line += bytes.Count(c.text[c.at:offset], []byte("\n"))
	c.at = offset
	return c.line + 1
}
