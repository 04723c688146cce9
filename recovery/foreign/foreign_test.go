package foreign_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery/foreign"
)

const (
	argon  = "$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$A9lBa6RTbfBovWqamVIqXKovIl4Vk6OZyVojLJmYmSI"
	bcrypt = "$2y$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
)

func format(t *testing.T, name string) foreign.Format {
	t.Helper()
	i := slices.IndexFunc(foreign.Formats(), func(f foreign.Format) bool { return f.Name == name })
	if i < 0 {
		t.Fatalf("no format %q", name)
	}
	return foreign.Formats()[i]
}

// want is what is to be known of one person.
type want struct {
	line  int
	name  string
	taken bool
	said  string // part of why it is refused, or of a note; empty: nothing is said
}

func check(t *testing.T, name, text string, all ...want) []foreign.Person {
	t.Helper()
	people, err := format(t, name).People([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(people) != len(all) {
		t.Fatalf("got %d people, want %d: %+v", len(people), len(all), people)
	}
	for i, w := range all {
		p := people[i]
		said := strings.Join(append(p.Notes, p.Refused), "; ")
		if p.Line != w.line || p.Name != w.name || p.Taken != w.taken || !strings.Contains(said, w.said) || w.said == "" && said != "" && said != "; " {
			t.Errorf("got line %d, %q, taken %v, %q, want %+v", p.Line, p.Name, p.Taken, said, w)
		}
		if p.Hash != "" && p.Refused == "" {
			t.Errorf("%s: the hash is still there", p.Name)
		}
	}
	return people
}

func oddCorners() string {
	return `---
defaults: &defaults
  disabled: false
  groups: &family [family, dev, family]
users:
  anna:
    displayname: "Anna"
    password: "` + argon + `"
    email: anna@example.org
    groups:
      - admins
      - family
  bruno:
    disabled: true
    password: '` + bcrypt + `'
    email: bruno@example.org
  clara: {password: '` + argon + `'}
  dora:
    <<: *defaults
    password: "'` + argon + `'"
    email: dora@example.org
  emil:
    password: ` + argon + `
    email: Same@example.org
  fred:
    password: ` + argon + `
    email: same@EXAMPLE.org
  gina:
    password: "$1$salt$abcdefghijklmnopqrstuv"
    email: gina@example.org
  hugo:
    password: ` + argon[:60] + `
    email: hugo@example.org
  ida:
    password: [1, 2]
  jan:
    groups: *family
    password: ` + argon + `
    email: jan@example.org
  kim: nothing
  lea:
    password: ` + argon + `
    email: lea@example.org
    disabled: maybe
  "12345":
    password: ` + argon + `
    email: digits@example.org
`
}

// The odd corners of a file that people have edited for years.
func TestAutheliaFile(t *testing.T) {
	t.Parallel()
	people := check(t, "authelia", oddCorners(),
		want{6, "anna", true, ""},
		want{13, "bruno", true, "disabled there"},
		want{17, "clara", true, "no mail address"},
		want{18, "dora", true, "quotes"},
		want{22, "emil", true, "this mail address is there more than once: lines 22, 25"},
		want{25, "fred", true, "lines 22, 25"},
		want{28, "gina", false, "MD5"},
		want{31, "hugo", false, "cut off"},
		want{34, "ida", false, "password is no text"},
		want{36, "jan", true, "alias"},
		want{40, "kim", false, "no person"},
		want{41, "lea", false, "neither true nor false"},
		want{45, "12345", true, ""},
	)
	if got := people[0].Groups; !slices.Equal(got, []string{"admins", "family"}) {
		t.Errorf("got groups %v", got)
	}
	for _, i := range []int{3, 9} { // merged, and by an alias
		if got := people[i].Groups; !slices.Equal(got, []string{"family", "dev"}) {
			t.Errorf("%s: got groups %v", people[i].Name, got)
		}
	}
	if people[4].Refused == "" || people[5].Refused == "" || people[0].Refused != "" {
		t.Error("want both who share an address to be refused, and nobody else for it")
	}
}

func TestAuthelia_Authenticators(t *testing.T) {
	t.Parallel()
	users := "users:\n  anna: {password: '" + argon + "', email: a@example.org}\n  bruno: {password: '" + argon + "', email: b@example.org}\n"
	for name, text := range map[string]string{
		"yaml": "totp_configurations:\n- username: anna\n  issuer: Authelia\n  algorithm: SHA512\n  digits: 8\n  period: 45\n  secret: SkJTV1kzRFBFSFBLM1BYUEpCU1dZM0RQ\n- username: zoe\n  secret: SkJTV1kzRFBFSFBLM1BYUEpCU1dZM0RQ\n",
		"csv":  "issuer,username,algorithm,digits,period,secret\nAuthelia,anna,SHA512,8,45,JBSWY3DPEHPK3PXPJBSWY3DP\nAuthelia,zoe,SHA1,6,30,JBSWY3DPEHPK3PXPJBSWY3DP\n",
		"uri": "otpauth://totp/Authelia:anna?algorithm=SHA512&digits=8&issuer=Authelia&period=45&secret=JBSWY3DPEHPK3PXPJBSWY3DP\n" +
			"otpauth://totp/Authelia:zoe?secret=JBSWY3DPEHPK3PXPJBSWY3DP\n",
	} {
		people, err := format(t, "authelia").People([]byte(users))
		if err != nil {
			t.Fatal(err)
		}
		list, err := foreign.Authenticators([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		nobodys := foreign.Give(people, list)
		if a := people[0].TOTP; a == nil || a.Secret != "JBSWY3DPEHPK3PXPJBSWY3DP" || a.Algorithm != "SHA512" || a.Digits != 8 || a.Period != 45 {
			t.Errorf("%s: got %+v", name, a)
		}
		if people[1].TOTP != nil || len(nobodys) != 1 {
			t.Errorf("%s: got %+v and nobody's %v, want the second to be nobody's", name, people[1].TOTP, nobodys)
		}
	}
	people, _ := format(t, "authelia").People([]byte(users))
	list, err := foreign.Authenticators([]byte("issuer,username,algorithm,digits,period,secret\nAuthelia,anna,MD5,6,30,JBSWY3DPEHPK3PXPJBSWY3DP\n"))
	if err != nil {
		t.Fatal(err)
	}
	if foreign.Give(people, list); !strings.Contains(people[0].Refused, "SHA512") {
		t.Errorf("MD5: got %q, want anna to be refused rather than to come without her second factor", people[0].Refused)
	}
}

func TestCaddySecurityFile(t *testing.T) {
	t.Parallel()
	people := check(t, "caddy-security", `{
  "version": "1.1.2", "policy": {"user": {"min_length": 3}},
  "users": [
    {"id": "1", "username": "anna", "email_address": {"address": "anna@example.org"},
     "passwords": [{"algorithm": "bcrypt", "hash": "old", "disabled": true}, {"algorithm": "bcrypt", "hash": "`+bcrypt+`"}],
     "roles": [{"name": "user", "organization": "authp"}, {"name": "user"}],
     "mfa_tokens": [{"type": "totp", "algorithm": "sha256", "secret": "12345678901234567890", "period": 30, "digits": 6}]},

    {"username": "bruno", "email_addresses": [{"address": "bruno@example.org"}], "disabled": true, "passwords": [{"hash": "`+bcrypt+`"}],
     "mfa_tokens": [{"type": "u2f"}]}
  ],
  "revision": 3
}`, want{4, "anna", true, ""}, want{9, "bruno", true, "security key"})
	if a := people[0].TOTP; a == nil || a.Secret != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || a.Algorithm != "sha256" {
		t.Errorf("got %+v, want the text itself as the key", a)
	}
	if got := people[0].Groups; !slices.Equal(got, []string{"user"}) {
		t.Errorf("got groups %v", got)
	}
}

func TestFilesOfLines(t *testing.T) {
	t.Parallel()
	check(t, "htpasswd", "# people\n\nanna:"+bcrypt+"\r\nbruno:$apr1$salt$abcdefghijklmnopqrstuv\nclara\ndora:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n",
		want{3, "anna", true, "no mail"}, want{4, "bruno", false, "MD5"}, want{5, "", false, "NAME:HASH"}, want{6, "dora", false, "SHA-1"})
	people := check(t, "tinyauth", "anna:"+strings.ReplaceAll(bcrypt, "$", "$$")+",bruno:"+bcrypt+":JBSWY3DPEHPK3PXPJBSWY3DP\nclara:"+bcrypt+":not base32!\n",
		want{1, "anna", true, "twice"}, want{1, "bruno", true, "no mail"}, want{2, "clara", true, "base32"})
	if people[1].TOTP == nil || people[0].TOTP != nil || people[2].Refused == "" {
		t.Errorf("got %+v", people)
	}
}

func TestTables(t *testing.T) {
	t.Parallel()
	people := check(t, "csv", "\ufeffName;Mail;groups;hash\nanna;anna@example.org;family, staff;"+bcrypt+"\n\"bruno\";bruno@example.org;;\nclara;clara@example.org\ndora;d@example.org;Anna;\n",
		want{2, "anna", true, ""}, want{3, "bruno", false, "has no password"}, want{4, "clara", false, "2 columns"}, want{5, "dora", false, "the person in line 2"})
	if got := people[0].Groups; !slices.Equal(got, []string{"family", "staff"}) {
		t.Errorf("got groups %v", got)
	}
	for text, said := range map[string]string{
		"a,b\n":                 "not known",
		"mail\nx@example.org\n": "no column \"name\"",
		"name,name\n":           "twice",
		"name\n\"anna\nbruno\n": "line 2",
		"name,hash\n":           "nobody",
		"":                      "nobody",
	} {
		if _, err := format(t, "csv").People([]byte(text)); err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%q: got %v, want %q", text, err, said)
		}
	}
}

// One person with far too much stops nobody else, and a name in other letters is one.
func TestPeopleWhoAreOdd(t *testing.T) {
	t.Parallel()
	groups := strings.Builder{}
	for i := range 5000 {
		fmt.Fprintf(&groups, "g%d ", i)
	}
	long := strings.Repeat("x", 5000)
	people := check(t, "csv", "name,mail,groups,hash\nanna,a@example.org,"+groups.String()+",\nbruno,b@example.org,two\u00a0words:,\n"+long+",c@example.org,,\n\u05d0\u05e0\u05d4,d@example.org,\u05de\u05e9\u05e4\u05d7\u05d4,"+bcrypt+"\n",
		want{2, "anna", false, "more than 50 groups"}, want{3, "bruno", false, "no name for a group"}, want{4, long[:1024], false, "longer than 1024"}, want{5, "\u05d0\u05e0\u05d4", true, ""})
	if p := people[3]; p.Refused != "" || len(p.Groups) != 1 {
		t.Errorf("got %+v", p)
	}
}

// What is no list of people is refused as a whole, with a sentence, and in time.
func TestFilesThatAreRefused(t *testing.T) {
	t.Parallel()
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for _, c := range "bcdefghi" {
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+string(c-1)+",", 8) + "*" + string(c-1) + "]\n"
	}
	for _, tc := range []struct {
		name, format, text string
		want               error
		said               string
	}{
		{"too big", "csv", strings.Repeat("x", foreign.MaxFile+1), foreign.ErrTooBig, ""},
		{"UTF-16", "authelia", "\xff\xfeu\x00s\x00", foreign.ErrEncoding, ""},
		{"Latin-1", "htpasswd", "ren\xe9:" + bcrypt, foreign.ErrEncoding, ""},
		{"no users", "authelia", "people: {}\n", nil, "users"},
		{"a list of users", "authelia", "users: [anna]\n", nil, "users"},
		{"nobody", "authelia", "users: {}\n", foreign.ErrNobody, ""},
		{"no YAML", "authelia", "users:\n  anna: {password: \"\n", nil, "YAML"},
		{"two documents in one", "authelia", "", nil, "YAML"},
		{"many aliases", "authelia", "x: &x 1\nusers:\n  anna: {groups: [" + strings.Repeat("*x,", 20_000) + "]}\n", nil, "aliases"},
		{"many parts", "authelia", "users: [" + strings.Repeat(",", 5_000_000) + "]\n", nil, "too many parts"},
		{"no JSON", "caddy-security", "users", nil, "cut off"},
		{"cut off", "caddy-security", `{"users": [{"username": "anna"}`, nil, "cut off"},
		{"cut off later", "caddy-security", `{"users": [{"username": "anna"}], "revision"`, nil, "cut off"},
		{"cut off within", "caddy-security", "{\"users\": [\n{\"username\": \"an", nil, "line 2"},
	} {
		_, err := format(t, tc.format).People([]byte(tc.text))
		if tc.want != nil && !errors.Is(err, tc.want) || err == nil || !strings.Contains(err.Error(), tc.said) {
			t.Errorf("%s: got %v, want %v %q", tc.name, err, tc.want, tc.said)
		}
	}
	people, err := format(t, "authelia").People([]byte(bomb + "users:\n  anna: {password: x, groups: *i}\n"))
	if err != nil || len(people) != 1 || !strings.Contains(people[0].Refused, "groups") {
		t.Errorf("a bomb: got %+v, %v, want its one person to be refused", people, err)
	}
	loop := "users: &u\n  anna: *u\n  <<: *u\n"
	if _, err := format(t, "authelia").People([]byte(loop)); err != nil && !strings.Contains(err.Error(), "YAML") {
		t.Errorf("a loop: got %v", err)
	}
}

func FuzzPeople(f *testing.F) {
	for _, text := range []string{
		"users:\n  anna: &a\n    password: " + argon + "\n    groups: [x]\n  bruno:\n    <<: *a\n", "anna:" + bcrypt + ":JBSWY3DPEHPK3PXP,b:c\n",
		"name,mail\nanna,a@example.org\n", `{"users":[{"username":"anna","passwords":[{"hash":"` + bcrypt + `"}]}]}`, "users: &u\n  anna: *u\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range foreign.Formats() {
			people, err := format.People([]byte(text))
			if err != nil {
				if len(text) > 60 && strings.Contains(err.Error(), text[:60]) {
					t.Errorf("%s: got %q, want nothing of the file in it", format.Name, err)
				}
				continue
			}
			for _, p := range people {
				if p.Line < 1 || p.Line > strings.Count(text, "\n")+1 {
					t.Errorf("%s: got line %d of %q", format.Name, p.Line, text)
				}
				if p.Taken && len(p.Sum) == 0 {
					t.Errorf("%s: %q is taken over without anything", format.Name, p.Name)
				}
			}
		}
	})
}

func FuzzAuthenticators(f *testing.F) {
	f.Add("issuer,username,algorithm,digits,period,secret\nA,anna,SHA1,6,30,JBSWY3DPEHPK3PXP\n")
	f.Add("otpauth://totp/A:anna?secret=JBSWY3DPEHPK3PXP&digits=6")
	f.Add("totp_configurations:\n- username: anna\n  secret: SkJTV1kzRFBFSFBLM1BYUA==\n")
	f.Fuzz(func(t *testing.T, text string) {
		list, err := foreign.Authenticators([]byte(text))
		if err != nil {
			return
		}
		for _, a := range list {
			if data, err := a.Data(); err == nil && len(data) > 512 {
				t.Errorf("got %d bytes for an authenticator", len(data))
			}
		}
	})
}
