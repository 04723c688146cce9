package recovery

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/secure/precis"

	"github.com/caddy-sparekey/sparekey/recovery/kv"
)

// identifier is a canonical name, address or number.
type identifier struct {
	kind  string // "name", "mail", "phone"
	value string
}

// CanonicalName compares user names: width, case and Unicode form do not
// matter (PRECIS UsernameCaseMapped, RFC 8265); 1 to 64 letters, digits, dots,
// dashes, underscores and apostrophes, not only digits.
func CanonicalName(name string) (string, error) {
	if !utf8.ValidString(name) || len(name) > 256 {
		return "", errors.New("name is not readable text")
	}
	n, err := precis.UsernameCaseMapped.String(name)
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
// ASCII (IDNA), local part in lower case as every provider people use does.
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

// identify reads what somebody typed as name, address or number.
func identify(typed string) (identifier, error) {
	typed = strings.TrimSpace(typed)
	if strings.Contains(typed, "@") {
		v, err := CanonicalMail(typed)
		return identifier{"mail", v}, err
	}
	if v, err := CanonicalPhone(typed); err == nil {
		return identifier{"phone", v}, nil
	}
	v, err := CanonicalName(typed)
	return identifier{"name", v}, err
}

// index is the record behind an identifier.
type index struct {
	Account string    `json:"account"`
	At      time.Time `json:"at"`
}

func (e *Engine) indexKeys(id identifier) []string {
	var keys []string
	for _, mac := range e.Keys.MACs("index "+id.kind, id.value) {
		keys = append(keys, id.kind+"/"+hex.EncodeToString(mac[:20]))
	}
	return keys
}

// find returns the account behind an identifier, or nil. An index entry counts
// only when the account itself lists the identifier.
func (e *Engine) find(ctx context.Context, id identifier) (*Account, error) {
	for _, key := range e.indexKeys(id) {
		entry, ok, err := kv.Load[index](ctx, e.Store, key)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		a, err := e.account(ctx, entry.Account)
		if errors.Is(err, ErrNoAccount) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if slices.Contains(a.identifiers(), id) {
			return a, nil
		}
	}
	return nil, e.pretend(ctx)
}

// Person returns an account by its id; [ErrNoAccount] when there is none.
func (e *Engine) Person(ctx context.Context, id string) (*Account, error) {
	if len(id) != idSize {
		return nil, ErrNoAccount
	}
	return e.account(ctx, id)
}

// Find returns the account with a user name, mail address or number.
func (e *Engine) Find(ctx context.Context, typed string) (*Account, error) {
	id, err := identify(typed)
	if err != nil {
		return nil, ErrNoAccount
	}
	a, err := e.find(ctx, id)
	if err == nil && a == nil {
		return nil, ErrNoAccount
	}
	return a, err
}

// identifiers lists what an account can be found by.
func (a *Account) identifiers() []identifier {
	var out []identifier
	if n, err := CanonicalName(a.Name); err == nil {
		out = append(out, identifier{"name", n})
	}
	for _, c := range a.Contacts {
		kind := "mail"
		if c.Channel == ChannelSMS {
			kind = "phone"
		}
		out = append(out, identifier{kind, c.Address})
	}
	for _, l := range a.Lines {
		out = append(out, l.identifier())
	}
	return out
}

// errTaken names the kind of identifier that another account has.
type errTaken struct {
	kind string
}

func (e errTaken) Error() string { return e.kind + ": " + ErrNameTaken.Error() }

// Is makes every kind ErrNameTaken, and all but the name ErrAddressTaken too.
func (e errTaken) Is(target error) bool {
	return target == ErrNameTaken || target == ErrAddressTaken && e.kind != "name" //nolint:errorlint // this is what errors.Is asks
}

// takeover is how long an index entry without its account is respected: the
// account may be about to be written.
const takeover = 10 * time.Minute

// claim takes the index entries of an account that is about to be written.
// Repeating it is harmless; somebody else's entry is [ErrNameTaken].
func (e *Engine) claim(ctx context.Context, a *Account) error {
	for _, id := range a.identifiers() {
		if err := e.claimOne(ctx, id, a.ID); err != nil {
			return err
		}
	}
	return e.claimLines(ctx, a)
}

func (e *Engine) claimOne(ctx context.Context, id identifier, account string) error {
	holder, err := e.find(ctx, id)
	if err != nil {
		return err
	}
	if holder != nil && holder.ID != account {
		return errTaken{id.kind}
	}
	now := e.Now()
	_, err = kv.Update(ctx, e.Store, e.indexKeys(id)[0], time.Time{}, func(x *index, exists bool) error {
		if exists && x.Account != account && now.Before(x.At.Add(takeover)) {
			return errTaken{id.kind}
		}
		*x = index{Account: account, At: now}
		return nil
	})
	return err
}

// row is an account in the roster, which lists people without a scan.
type row struct {
	ID    string    `json:"id"`
	Name  string    `json:"name"`
	State State     `json:"state"`
	Admin bool      `json:"admin,omitempty"`
	TwoFA bool      `json:"two_factors,omitempty"`
	Until time.Time `json:"until,omitzero"`
}

// enlist writes the account's row. The roster is a convenience: the account
// record is the truth, and a lost row is put back by the next change.
func (e *Engine) enlist(ctx context.Context, a *Account) error {
	sum := e.Keys.MAC("roster", a.ID)
	key := "roster/" + hex.EncodeToString(sum[:1])
	_, err := kv.Update(ctx, e.Store, key, time.Time{}, func(rows *[]row, _ bool) error {
		*rows = slices.DeleteFunc(*rows, func(r row) bool { return r.ID == a.ID })
		*rows = append(*rows, row{a.ID, a.Name, a.State, a.Admin(), e.Methods.hasFactor(a), a.Invited})
		return nil
	})
	return err
}

// Person is what lists show of an account.
type Person struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	State      State     `json:"state"`
	Admin      bool      `json:"admin"`
	TwoFactors bool      `json:"two_factors"`
	Invited    time.Time `json:"invited,omitzero"` // until when an invitation lives; zero: there is none
}

// People lists all accounts by name: 256 reads, never a scan.
func (e *Engine) People(ctx context.Context) ([]Person, error) {
	var out []Person
	for i := range 256 {
		rows, _, err := kv.Load[[]row](ctx, e.Store, fmt.Sprintf("roster/%02x", i))
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			out = append(out, Person{r.ID, r.Name, r.State, r.Admin, r.TwoFA, r.Until})
		}
	}
	slices.SortFunc(out, func(a, b Person) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}
