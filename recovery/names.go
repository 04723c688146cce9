package recovery

import (
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// ParseExtension reads a main number and an extension of up to 8 digits, as in a
// company's phone system.
func ParseExtension(number, extension string) (Extension, error) {
	n, err := CanonicalPhone(number)
	if err != nil {
		return Extension{}, err
	}
	ext := secret.Typed(extension)
	if len(ext) > 8 || strings.Trim(ext, "0123456789") != "" {
		return Extension{}, errors.New("an extension has up to 8 digits")
	}
	return Extension{Number: n, Digits: ext}, nil
}

// Identifier is what the account is found by.
func (l Extension) Identifier() Identifier { return Identifier{"line", l.Number + "#" + l.Digits} }

// Errors of [NewAccount.Make]; the text behind them says what is wrong.
var (
	ErrBadName  = errors.New("this name cannot be used")
	ErrBadMail  = errors.New("this is no mail address")
	ErrBadPhone = errors.New("this is no phone number with its country code")
)

// NewAccount describes a person to be invited.
type NewAccount struct {
	Name       string
	Mail       string
	Phone      string
	Extensions []Extension
	Groups     []string
	Lang       string
	Again      string // the name, typed once more to give one away that is held for nobody else
}

// Make returns the invited account, or everything that is wrong with name, address,
// number and groups.
func (n NewAccount) Make(now time.Time) (*Account, error) {
	var wrong []error
	if _, err := CanonicalName(n.Name); err != nil {
		wrong = append(wrong, fmt.Errorf("%w: %w", ErrBadName, err))
	}
	var mail, phone string
	var err error
	if n.Mail != "" {
		if mail, err = CanonicalMail(n.Mail); err != nil {
			wrong = append(wrong, fmt.Errorf("%w: %w", ErrBadMail, err))
		}
	}
	if n.Phone != "" {
		if phone, err = CanonicalPhone(n.Phone); err != nil {
			wrong = append(wrong, fmt.Errorf("%w: %w", ErrBadPhone, err))
		}
	}
	for _, g := range n.Groups {
		if _, err := CanonicalGroup(g); err != nil {
			wrong = append(wrong, err)
		}
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	a := &Account{ID: secret.Token(16), Name: n.Name, State: StateInvited, Created: now, Groups: n.Groups, Lang: n.Lang, Extensions: n.Extensions}
	a.AddAddresses(mail, phone)
	return a, nil
}

// Identifier is a canonical name, address or number.
type Identifier struct {
	Kind  string // "name", "mail", "phone"
	Value string
}

// ByName is the identifier of a canonical name.
func ByName(name string) Identifier { return Identifier{"name", name} }

// ByMail is the identifier of a canonical mail address.
func ByMail(address string) Identifier { return Identifier{"mail", address} }

// ByPhone is the identifier of a canonical number.
func ByPhone(number string) Identifier { return Identifier{"phone", number} }

// CanonicalName compares user names: width, case and Unicode form do not
// matter (PRECIS UsernameCaseMapped, RFC 8265); 1 to 64 letters, digits, dots,
// dashes, underscores and apostrophes, not only digits. The apostrophe that
// phones put in the place of the plain one is that one.
func CanonicalName(name string) (string, error) {
	if !utf8.ValidString(name) || len(name) > 256 {
		return "", errors.New("name is not readable text")
	}
	n, err := precis.UsernameCaseMapped.String(strings.ReplaceAll(name, "\u2019", "'"))
	if err != nil {
		return "", fmt.Errorf("name: %w", err)
	}
	if utf8.RuneCountInString(n) > 64 || strings.ContainsFunc(n, odd) || strings.Trim(n, "0123456789") == "" {
		return "", errors.New("name is too long or holds characters that are not allowed")
	}
	if _, err := CanonicalPhone(n); err == nil {
		return "", errors.New("name reads like a phone number")
	}
	return n, nil
}

func odd(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !strings.ContainsRune("._-'", r)
}

// CanonicalMail compares mail addresses: one plain address, host in lower-case
// ASCII (IDNA), local part in lower case, since providers ignore its case.
func CanonicalMail(address string) (string, error) {
	a := strings.TrimSpace(address)
	if len(a) > 254 || !utf8.ValidString(a) || strings.ContainsAny(a, "\r\n,;<>\"() \t\x00") || strings.Count(a, "@") != 1 {
		return "", errors.New("not a plain mail address")
	}
	local, host, _ := strings.Cut(a, "@")
	host, err := idna.Lookup.ToASCII(host)
	if err != nil {
		return "", fmt.Errorf("mail host: %w", err)
	}
	if strings.IndexFunc(local, func(r rune) bool { return r > 126 || r < 33 }) >= 0 {
		return "", errors.New("mail address has characters outside ASCII before the @")
	}
	a = strings.ToLower(local) + "@" + host
	if _, err := mail.ParseAddress(a); err != nil {
		return "", fmt.Errorf("mail address: %w", err)
	}
	return a, nil
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`) //nolint:gochecknoglobals // a compiled constant

// CanonicalPhone turns a number into E.164: +41791234567. Blanks, dots,
// dashes (those that do not break a line too: a French page has them), brackets
// and a leading 00 are understood; a country code is needed.
func CanonicalPhone(number string) (string, error) {
	n := strings.NewReplacer(" ", "", ".", "", "-", "", "(", "", ")", "", "/", "", "\u00a0", "", "\u202f", "", "\u2011", "").Replace(strings.TrimSpace(number))
	if rest, ok := strings.CutPrefix(n, "00"); ok {
		n = "+" + rest
	}
	if !e164.MatchString(n) {
		return "", errors.New("not a number with its country code")
	}
	return n, nil
}

// Identify reads what somebody typed as name, address or number.
func Identify(typed string) (Identifier, error) {
	typed = strings.TrimSpace(typed)
	if strings.Contains(typed, "@") {
		v, err := CanonicalMail(typed)
		return Identifier{"mail", v}, err
	}
	if v, err := CanonicalPhone(typed); err == nil {
		return Identifier{"phone", v}, nil
	}
	v, err := CanonicalName(typed)
	return Identifier{"name", v}, err
}

// Identifiers lists what an account can be found by.
func (a *Account) Identifiers() []Identifier {
	var out []Identifier
	if n, err := CanonicalName(a.Name); err == nil {
		out = append(out, Identifier{"name", n})
	}
	for _, c := range a.Addresses {
		kind := "mail"
		if c.Channel == ChannelSMS {
			kind = "phone"
		}
		out = append(out, Identifier{kind, c.Value})
	}
	for _, l := range a.Extensions {
		out = append(out, l.Identifier())
	}
	return out
}

// TakenError names the kind of identifier that another account has.
type TakenError struct {
	Kind string
	Held bool // nobody has it any more: it is kept from others, and may be given away
}

func (e TakenError) Error() string {
	if e.Held {
		return e.Kind + ": it was somebody else's until lately, and apps would take the new person for them: to give it away all the same, say it once more (--give-away NAME)"
	}
	return e.Kind + ": " + ErrNameTaken.Error()
}

// Is makes every kind ErrNameTaken, and all but the name ErrAddressTaken too.
func (e TakenError) Is(target error) bool {
	return target == ErrNameTaken || target == ErrAddressTaken && e.Kind != "name" //nolint:errorlint // this is what errors.Is asks
}
