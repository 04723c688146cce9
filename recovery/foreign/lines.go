package foreign

import (
	"bytes"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery/method"
)

// htpasswd is the file of Apache and nginx: "name:hash", a person a line.
func htpasswd() Format {
	return Format{"htpasswd", "the password file of Apache and nginx", func(text []byte) ([]Person, error) {
		var people []Person
		eachLine(text, func(line int, text string) {
			p := Person{Line: line}
			name, hash, ok := strings.Cut(text, ":")
			if p.Name, p.Hash = name, hash; !ok {
				p.Name = ""
				p.refuse("is not NAME:HASH")
			}
			people = append(people, p)
		})
		return people, nil
	}}
}

// tinyauth is its users file, or what stands in its variable USERS:
// "name:bcrypt[:authenticator]", separated by lines or commas.
func tinyauth() Format {
	return Format{"tinyauth", "the users file of tinyauth, or the value of its variable USERS", func(text []byte) ([]Person, error) {
		var people []Person
		eachLine(text, func(line int, text string) {
			text, _ = strings.CutPrefix(text, "USERS=")
			text, _ = strings.CutPrefix(text, "TINYAUTH_AUTH_USERS=")
			for one := range strings.SplitSeq(strings.Trim(text, `"'`), ",") {
				if one = strings.TrimSpace(one); one != "" {
					people = append(people, tinyauthPerson(line, one))
				}
			}
		})
		return people, nil
	}}
}

func tinyauthPerson(line int, text string) Person {
	p := Person{Line: line}
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		p.refuse("is not NAME:HASH or NAME:HASH:SECRET")
		return p
	}
	p.Name, p.Hash = parts[0], parts[1]
	if strings.HasPrefix(p.Hash, "$$") {
		p.Hash = strings.ReplaceAll(p.Hash, "$$", "$") // as Docker Compose wants it
		p.note("each $ stood there twice, which was undone")
	}
	if len(parts) == 3 && parts[2] != "" {
		p.TOTP = &method.Authenticator{Secret: parts[2]}
	}
	return p
}

// eachLine calls with each line that says something, from 1 on.
func eachLine(text []byte, do func(line int, text string)) {
	n := 0
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		n++
		if s := strings.TrimSpace(string(line)); s != "" && s[0] != '#' {
			do(n, s)
		}
	}
}
