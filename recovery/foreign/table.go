package foreign

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery/method"
)

// columns are the words that the first line of a table may have.
func columns() map[string]func(p *Person, value string) {
	return map[string]func(p *Person, value string){
		"name":    func(p *Person, v string) { p.Name = v },
		"display": func(p *Person, v string) { p.Display = v },
		"mail":    func(p *Person, v string) { p.Mail = v },
		"phone":   func(p *Person, v string) { p.Phone = v },
		"hash":    func(p *Person, v string) { p.Hash = v },
		"groups": func(p *Person, v string) {
			p.Groups = strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ';' || r == ',' })
		},
		"totp": func(p *Person, v string) {
			if v != "" {
				p.TOTP = &method.Authenticator{Secret: v}
			}
		},
		"disabled": func(p *Person, v string) {
			switch strings.ToLower(v) {
			case "", "no", "false", "0":
			case "yes", "true", "1":
				p.Disabled = true
			default:
				p.refuse("disabled is neither yes nor no")
			}
		},
	}
}

// Columns is how the first line of a table may look.
const Columns = "name,display,mail,phone,groups,hash,totp,disabled"

// table is a table with commas or semicolons, as spreadsheets write it.
func table() Format {
	return Format{"csv", "a table whose first line names its columns, of " + Columns, readTable}
}

func readTable(text []byte) ([]Person, error) {
	in := csv.NewReader(bytes.NewReader(text))
	first, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.Count(first, []byte(";")) > bytes.Count(first, []byte(",")) {
		in.Comma = ';'
	}
	in.FieldsPerRecord, in.ReuseRecord = -1, true
	set, err := heading(in)
	if err != nil {
		return nil, err
	}
	var people []Person
	for {
		row, err := in.Read()
		if errors.Is(err, io.EOF) {
			return people, nil
		}
		if err != nil {
			return nil, unread(err)
		}
		line, _ := in.FieldPos(0)
		p := Person{Line: line}
		if len(row) != len(set) {
			p.refuse("has %d columns, not %d", len(row), len(set))
		}
		for i, value := range row[:min(len(row), len(set))] {
			set[i](&p, strings.TrimSpace(value))
		}
		if people = append(people, p); len(people) > maxPeople {
			return nil, errMany
		}
	}
}

// heading reads the first line.
func heading(in *csv.Reader) (set []func(*Person, string), err error) {
	row, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, ErrNobody
	}
	if err != nil {
		return nil, unread(err)
	}
	known, seen := columns(), []string{}
	for _, word := range row {
		word = strings.ToLower(strings.TrimSpace(word))
		if known[word] == nil || slices.Contains(seen, word) {
			return nil, fmt.Errorf("the first line has a column that is not known, or one twice: it names the columns, some of %s", Columns)
		}
		seen, set = append(seen, word), append(set, known[word])
	}
	if !slices.Contains(seen, "name") {
		return nil, fmt.Errorf("the first line has no column \"name\": it names the columns, some of %s", Columns)
	}
	return set, nil
}

// unread says where a table stopped to be one, and nothing of what stands there.
func unread(err error) error {
	if p, ok := errors.AsType[*csv.ParseError](err); ok {
		return fmt.Errorf("line %d is no line of a table: a quote is not closed, or the file was cut off", p.StartLine)
	}
	return err
}
