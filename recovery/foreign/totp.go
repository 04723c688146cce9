package foreign

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
)

// Authenticator is one of a list of its own, with the line it stands in.
type Authenticator struct {
	Line int
	User string
	method.Authenticator
}

var errTOTP = errors.New("the file is none of the lists that \"authelia storage user totp export\" writes: yaml, csv or uri")

// Authenticators reads what Authelia exports of them, as YAML, as a table or as a
// list of addresses. An error is about the whole file.
func Authenticators(text []byte) ([]Authenticator, error) {
	text, err := plain(text)
	if err != nil {
		return nil, err
	}
	var list []Authenticator
	switch start := strings.TrimSpace(string(text[:min(len(text), 200)])); {
	case strings.HasPrefix(start, "issuer,"):
		list, err = totpTable(text)
	case strings.HasPrefix(start, "otpauth://"):
		list, err = totpAddresses(text)
	default:
		list, err = totpYAML(text)
	}
	if err == nil && len(list) == 0 {
		err = errTOTP
	}
	return list, err
}

// totpYAML has the base32 once more in base64.
func totpYAML(text []byte) ([]Authenticator, error) {
	root, err := readYAML(text)
	if err != nil {
		return nil, err
	}
	all, _ := field(root, "totp_configurations")
	if all == nil || all.Kind != yaml.SequenceNode || len(all.Content) > maxPeople {
		return nil, errTOTP
	}
	var list []Authenticator
	for _, c := range all.Content {
		var p Person
		r := &reader{person: &p, of: follow(c)}
		a := Authenticator{Line: c.Line, User: r.text("username")}
		secret, err := base64.StdEncoding.DecodeString(r.text("secret"))
		if err != nil || p.Refused != "" {
			return nil, fmt.Errorf("line %d: %w", c.Line, errTOTP)
		}
		a.Secret = string(secret)
		if err := a.costs(r.text("algorithm"), r.text("digits"), r.text("period")); err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

func totpTable(text []byte) ([]Authenticator, error) {
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		return nil, unread(err)
	}
	if len(rows) > maxPeople || strings.Join(rows[0], ",") != "issuer,username,algorithm,digits,period,secret" {
		return nil, errTOTP
	}
	var list []Authenticator
	for i, row := range rows[1:] {
		a := Authenticator{Line: i + 2, User: row[1]}
		a.Secret = row[5]
		if err := a.costs(row[2], row[3], row[4]); err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

func totpAddresses(text []byte) (list []Authenticator, err error) {
	eachLine(text, func(line int, text string) {
		a := Authenticator{Line: line}
		u, bad := url.Parse(text)
		if bad != nil || u.Scheme != "otpauth" || u.Host != "totp" {
			err = errors.Join(err, fmt.Errorf("line %d: %w", line, errTOTP))
			return
		}
		label := strings.TrimPrefix(u.Path, "/")
		a.User = label[strings.LastIndexByte(label, ':')+1:]
		q := u.Query()
		a.Secret = q.Get("secret")
		err = errors.Join(err, a.costs(q.Get("algorithm"), q.Get("digits"), q.Get("period")))
		list = append(list, a)
	})
	return list, err
}

func (a *Authenticator) costs(algorithm, digits, period string) error {
	a.Algorithm = algorithm
	for text, to := range map[*string]*int{&digits: &a.Digits, &period: &a.Period} {
		if *text == "" {
			continue
		}
		n, err := strconv.Atoi(*text)
		if err != nil || n <= 0 {
			return fmt.Errorf("line %d: digits and period are numbers", a.Line)
		}
		*to = n
	}
	return nil
}

// Give gives the people of a file the authenticators of another. Somebody who has
// two there, or one that cannot be taken over, is refused. It returns the lines of
// those that are nobody's.
func Give(people []Person, list []Authenticator) (nobodys []int) {
	at := map[string]int{}
	for i, p := range people {
		if name, err := recovery.CanonicalName(p.Name); err == nil {
			at[name] = i
		}
	}
	for _, a := range list {
		name, err := recovery.CanonicalName(a.User)
		i, ok := at[name]
		if err != nil || !ok {
			nobodys = append(nobodys, a.Line)
			continue
		}
		p := &people[i]
		if p.TOTP != nil {
			p.refuse("has two authenticators")
			continue
		}
		p.TOTP = &a.Authenticator
		p.readTOTP()
	}
	return nobodys
}
