package foreign

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Bounds of a file. A hundred thousand people are 20 to 30 MB in the longest of the
// formats.
const (
	MaxFile   = 32 << 20
	maxPeople = 100_000
	maxText   = 1024 // bytes of one value
	maxGroups = recovery.MaxGroups
)

// Person is one of a file, as far as it could be read.
type Person struct {
	Line     int
	Name     string
	Display  string
	Mail     string
	Phone    string
	Groups   []string
	Disabled bool
	Hash     string // as the file has it; empty: none
	TOTP     *method.Authenticator

	Foreign secret.Foreign // how the password is hashed, when Taken
	Sum     []byte
	Taken   bool     // the password can be taken over
	Refused string   // why not to import; empty: it may be
	Notes   []string // what else there is to say
}

// Format reads one kind of file.
type Format struct {
	Name string
	Says string // what it is, for a help text
	Read func(text []byte) ([]Person, error)
}

// Formats is every format there is, in the order of a help text.
func Formats() []Format {
	return []Format{authelia(), caddySecurity(), tinyauth(), htpasswd(), table()}
}

// Errors of [Format.People]; each is about the whole file.
var (
	ErrTooBig   = fmt.Errorf("the file has more than %d MB: is it the right one?", MaxFile>>20)
	ErrEncoding = errors.New("the file is not UTF-8: save it as that and try again")
	ErrNobody   = errors.New("the file names nobody: is it the right one, and whole?")
	errMany     = fmt.Errorf("the file names more than %d people: split it", maxPeople)
)

// People reads a file, and settles what concerns several of its people.
func (f Format) People(text []byte) ([]Person, error) {
	text, err := plain(text)
	if err != nil {
		return nil, err
	}
	people, err := f.Read(text)
	switch {
	case err != nil:
		return nil, err
	case len(people) == 0:
		return nil, ErrNobody
	case len(people) > maxPeople:
		return nil, errMany
	}
	for i := range people {
		people[i].judge()
	}
	refuseTwice(people)
	refuseGroups(people)
	return people, nil
}

// plain is the text without the mark that some editors put in front.
func plain(text []byte) ([]byte, error) {
	switch {
	case len(text) > MaxFile:
		return nil, ErrTooBig
	case !utf8.Valid(text), bytes.IndexByte(text, 0) >= 0:
		return nil, ErrEncoding
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), nil
}

func (p *Person) note(format string, args ...any) {
	p.Notes = append(p.Notes, fmt.Sprintf(format, args...))
}

// refuse keeps the first reason.
func (p *Person) refuse(format string, args ...any) {
	if p.Refused == "" {
		p.Refused = fmt.Sprintf(format, args...)
	}
}

// judge reads the hash, and says what is missing.
func (p *Person) judge() {
	for _, value := range append([]string{p.Name, p.Display, p.Mail, p.Phone, p.Hash}, p.Groups...) {
		if len(value) > maxText {
			p.refuse("a value is longer than %d bytes", maxText)
		}
	}
	if len(p.Groups) > maxGroups {
		p.refuse("is in more than %d groups", maxGroups)
	}
	for _, g := range p.Groups {
		if _, err := recovery.CanonicalGroup(g); err != nil {
			p.refuse("%s", err)
		}
	}
	if p.Refused != "" {
		p.Name = p.Name[:min(len(p.Name), maxText)]
		return
	}
	if p.Mail == "" {
		p.note("has no mail address: the ways back by mail are not there for this person")
	}
	if p.Disabled {
		p.note("is disabled there, and will be here")
	}
	p.readHash()
	p.readTOTP()
}

func (p *Person) readHash() {
	hash := strings.TrimSpace(p.Hash)
	if n := len(hash); n > 1 && (hash[0] == '\'' || hash[0] == '"') && hash[n-1] == hash[0] {
		hash = hash[1 : n-1]
		p.note("the hash stood in quotes, which were taken off")
	}
	p.Hash = ""
	if hash == "" {
		p.note("has no password: invite this person")
		return
	}
	var err error
	if p.Foreign, p.Sum, err = secret.ReadForeign(hash); err != nil {
		p.note("%s: the password is not taken over, invite this person", err)
		return
	}
	p.Taken = true
}

func (p *Person) readTOTP() {
	if p.TOTP == nil {
		return
	}
	if _, err := p.TOTP.Data(); err != nil {
		p.TOTP = nil
		p.refuse("%s: without it, this account would be worth less than it is there", err)
	}
}

// refuseTwice refuses all people who have a name or address that somebody else has
// too: nobody can say whose it is.
func refuseTwice(people []Person) {
	lines := map[string][]int{}
	for _, p := range people {
		for _, id := range p.identifiers() {
			lines[id] = append(lines[id], p.Line)
		}
	}
	for i := range people {
		for _, id := range people[i].identifiers() {
			if at := lines[id]; len(at) > 1 {
				kind, _, _ := strings.Cut(id, "\x00")
				people[i].refuse("this %s is there more than once: lines %s", kind, joined(at))
			}
		}
	}
}

// refuseGroups refuses whoever is in a group that is called as a person is: rules and
// apps could take one for the other.
func refuseGroups(people []Person) {
	lines := map[string]int{}
	for _, p := range people {
		if name, err := recovery.CanonicalName(p.Name); err == nil {
			lines[name] = p.Line
		}
	}
	for i := range people {
		for _, g := range people[i].Groups {
			name, err := recovery.CanonicalGroup(g)
			if at, ok := lines[name]; err == nil && ok {
				people[i].refuse("a group is called as the person in line %d", at)
			}
		}
	}
}

func joined(lines []int) string {
	lines = slices.Clone(lines)
	slices.Sort(lines)
	var out []string
	for _, n := range lines[:min(len(lines), 5)] {
		out = append(out, fmt.Sprint(n))
	}
	if len(lines) > 5 {
		out = append(out, "…")
	}
	return strings.Join(out, ", ")
}

func (p *Person) identifiers() []string {
	var out []string
	if name, err := recovery.CanonicalName(p.Name); err == nil {
		out = append(out, "name\x00"+name)
	}
	if mail, err := recovery.CanonicalMail(p.Mail); err == nil {
		out = append(out, "mail address\x00"+mail)
	}
	if phone, err := recovery.CanonicalPhone(p.Phone); err == nil {
		out = append(out, "number\x00"+phone)
	}
	return out
}
