package web_test

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/engine"
)

// theirs is the address of somebody's page.
func (s *storyReader) theirs(name string) string {
	s.t.Helper()
	a, err := s.w.Engine.Find(s.t.Context(), name)
	if err != nil {
		s.t.Fatal(err)
	}
	return "/.sparekey/people/" + a.ID
}

// does has an administrator fill in and send the form of an action.
func (s *storyReader) does(where, name, do string, fields ...string) {
	s.t.Helper()
	if where != "" {
		s.use(where)
	}
	path := s.theirs(name)
	if s.b.Get(path).Want("person"); !strings.Contains(s.b.Body, "?do="+do) {
		s.t.Fatalf("%s is not offered", do)
	}
	s.b.Get(path + "?do=" + do).Want("person")
	s.b.Submit(append([]string{"reason", "as was agreed on Monday", "choice", do}, fields...)...)
	if s.b.Status != http.StatusOK {
		s.t.Errorf("%s: got status %d: %s", do, s.b.Status, s.b.Text())
	}
}

// onPeople is whatever an administrator does to somebody by a form of its own.
func onPeople() []sentence {
	const maybeThere = `(?:on the (.+) )?(?:she|he) `
	plain := func(form, do string) sentence {
		return sentence{maybeThere + form, func(s *storyReader, m []string) { s.does(m[0], m[1], do) }}
	}
	with := func(form, do, field string) sentence {
		return sentence{maybeThere + form, func(s *storyReader, m []string) { s.does(m[0], m[1], do, field, m[2]) }}
	}
	return []sentence{
		plain(`lifts the pause for (\w+)`, "unlock"),
		plain(`signs (\w+) out everywhere`, "sign_out"),
		plain(`disables (\w+)`, "disable"),
		plain(`enables (\w+)`, "enable"),
		plain(`removes (\w+)`, "remove"),
		plain(`withdraws the invitation of (\w+)`, "withdraw"),
		with(`puts (\w+) into the groups (.+)`, "groups", "groups"),
		with(`has (\w+) shown as (.+)`, "display_name", "label"),
		with(`gives (\w+) the number (.+)`, "correct_phone", "phone"),
		with(`renames (\w+) to (\S+)`, "rename", "name"),
		{maybeThere + `gives (\w+) the extension (\d+) of (.+)`, func(s *storyReader, m []string) {
			s.does(m[0], m[1], "extension", "phone", m[3], "extension", m[2])
		}},
		{maybeThere + `makes the key "(.+)" for (\w+)`, func(s *storyReader, m []string) {
			s.does(m[0], m[2], "key", "label", m[1], "expires", "30d")
		}},
		{maybeThere + `revokes the key "(.+)" of (\w+)`, func(s *storyReader, m []string) {
			s.does(m[0], m[2], "revoke_key", "name", s.keyID(m[2], m[1]))
		}},
	}
}

// keyID is what forms call somebody's access key.
func (s *storyReader) keyID(who, name string) string {
	s.t.Helper()
	a, err := s.w.Engine.Find(s.t.Context(), who)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, k := range a.AccessKeys {
		if k.Name == name {
			return k.ID
		}
	}
	s.t.Fatalf("%s has no key %q", who, name)
	return ""
}

// aroundPeople is what belongs to it: keys of one's own, invitations, and what a person
// finds afterwards.
func aroundPeople() []sentence {
	return []sentence{
		{`the operator lets administrators make keys for others`, func(s *storyReader, _ []string) {
			s.w.Policy.AdminKeys = true
			s.w.Reload()
		}},
		{`on the (.+) she looks at who is locked, and sees (\w+)`, func(s *storyReader, m []string) {
			s.w.Engine.Later(s.t.Context()) // a server does it every minute
			page := s.use(m[0]).Get("/.sparekey/people?show=locked").Want("people")
			if s.w.Running() {
				return // nobody waits for that minute
			}
			if marks := page.All("locked"); len(marks) != 1 || !strings.Contains(page.Body, "<bdi>"+m[1]+"</bdi>") || strings.Contains(page.Body, "<bdi>alice</bdi>") {
				s.t.Errorf("got marks %q: %s", marks, page.Text())
			}
		}},
		{`on the (.+) (?:she|he) revokes the key "(.+)" that alice made`, func(s *storyReader, m []string) {
			if got := s.use(m[0]).Get("/.sparekey/account/keys").Want("account-keys").Text(); !strings.Contains(got, m[1]) || !strings.Contains(got, "Made by alice") {
				s.t.Errorf("got %q, want the key and who made it", got)
			}
			s.b.Submit("choice", "revoke:"+s.keyID(s.who, m[1])).Want("account-keys")
		}},
		{`(?:she|he) makes the key "(.+)" of (?:her|his) own`, func(s *storyReader, m []string) {
			s.b.Get("/.sparekey/account/keys").Want("account-keys").Submit("label", m[0], "expires", "90d", "choice", "make_key")
		}},
		{`(\w+) cannot sign in with "(.+)" on the (\w+)`, func(s *storyReader, m []string) {
			s.browser(m[2]).Get("/").Want("sign-in").Submit("name", m[0], "password", m[1]).Want("sign-in")
		}},
		{`she invites (\w+)`, func(s *storyReader, m []string) {
			s.b.Get("/.sparekey/people").Want("people").Submit("name", m[0], "mail", m[0]+"@example.org", "choice", "invite")
		}},
		{`she invites (\w+), and the name is not free`, func(s *storyReader, m []string) {
			s.b.Get("/.sparekey/people").Want("people").Submit("name", m[0], "mail", m[0]+"@other.example", "choice", "invite").Want("people")
			if s.b.Status != http.StatusUnprocessableEntity || !s.b.Has("again") {
				s.t.Errorf("got status %d: %s", s.b.Status, s.b.Text())
			}
		}},
		{`on the (.+) (\w+), who is invited, opens the link`, func(s *storyReader, m []string) {
			p := bob()
			p.Name, p.Mail, p.Phone = m[1], m[1]+"@example.org", ""
			s.people[m[1]], s.owner[m[0]] = p, m[1]
			s.follow("on the " + m[0] + ` he opens the link from "invite" to ` + p.Mail)
		}},
	}
}

// twoAdministrators is what one does about another, and people about themselves.
func twoAdministrators() []sentence {
	return []sentence{
		{`on the (.+) she takes her data along`, func(s *storyReader, m []string) {
			var x recovery.Export
			file := s.use(m[0]).Get("/.sparekey/account/contact").Want("account-contact").Keep("choice", "export")
			if err := json.Unmarshal([]byte(file), &x); err != nil || x.Name != s.me().Name || len(x.Addresses) != 2 || strings.Contains(file, s.me().Key) {
				s.t.Errorf("got %v, %+v, want what is kept of %s, without secrets", err, x, s.me().Name)
			}
		}},
		{`the operator wants a second administrator to agree`, func(s *storyReader, _ []string) {
			s.w.Policy.SecondAdmin = true
			s.w.Reload()
		}},
		{`the operator makes (\w+) an administrator`, func(s *storyReader, m []string) {
			a, err := s.w.Engine.Find(s.t.Context(), m[0])
			if err == nil {
				_, err = s.w.Engine.Edit(byShell(s.t.Context()), engine.Shell(), a.ID, recovery.Edit{Do: recovery.ActionGroups, Groups: []string{recovery.GroupAdmins}}, "helps alice")
			}
			if err != nil {
				s.t.Fatal(err)
			}
		}},
		{`(?:she|he) agrees`, func(s *storyReader, _ []string) {
			what := answer(s.b, "agree:")
			if what == "" {
				s.t.Fatalf("nobody is asked to agree: %s", s.b.Text())
			}
			s.b.Submit("choice", what)
		}},
		{`on the (.+) alice opens the link to undo it`, func(s *storyReader, m []string) {
			token := undone(s.t, s.w, s.people["alice"].Mail)
			s.use(m[0]).Get("/.sparekey/reinstate").Want("reinstate").Submit("code", token)
		}},
	}
}
