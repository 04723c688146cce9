package templates_test

import (
	"time"

	"github.com/caddy-sparekey/sparekey/templates"
)

func someTime() time.Time { return time.Date(2026, time.March, 5, 14, 5, 0, 0, time.UTC) }

func waitSamples() []sample {
	wait := templates.View{Page: "wait", Choice: "second_factor", Methods: []string{"recovery_code", "contact"}}
	plain := templates.View{Page: "wait"}
	timed := templates.View{Page: "wait", Choice: "both", Wait: 48 * time.Hour}
	begun := templates.View{Page: "wait", Choice: "second_factor", Until: someTime(), Notice: problem("wait_started")}
	return []sample{
		{"wait", step(wait)},
		{"wait-plain", step(plain)},
		{"wait-timed", step(timed)},
		{"wait-begun", step(begun)},
		{"undo", site(templates.View{Page: "undo", Token: "k3v9-undo-ticket"})},
		{"undo-done", site(templates.View{Page: "undo", Notice: problem("contact_undone")})},
		{"recover-unlock", site(templates.View{Page: "recover", Start: "unlock"})},
		{"recover-desk", site(templates.View{Page: "recover", Start: "recover", AskPhone: true})},
		{"wait-begun-case", step(templates.View{Page: "wait", Choice: "both", Until: someTime(), Case: templates.CaseInPerson})},
		{"confirm-case", site(templates.View{Page: "confirm", Case: templates.CaseEither})},
		{"recover-case", site(templates.View{Page: "recover", Start: "recover", Case: templates.CaseInPerson})},
		{"recover-desk-bad", site(templates.View{Page: "recover", Start: "recover", AskPhone: true, Phone: "12", Problem: problem("phone_bad")})},
	}
}

func vouchSamples() []sample {
	contact := templates.View{
		Page: "factor", Method: "contact", Code: "K7QM-4XRT", Minutes: 30, More: 2, Resend: true, Methods: []string{"recovery_code"},
		People: []templates.Person{{Name: "ben"}, {Name: "Zoë"}},
	}
	waiting := contact
	trial := contact
	trial.Trial, trial.SignedIn, trial.Methods, trial.More = true, true, nil, 1
	waiting.People, waiting.More, waiting.Recover, waiting.Problem = nil, 1, true, problem("contact_waiting")
	return []sample{
		{"factor-contact", step(contact)},
		{"factor-contact-waiting", step(waiting)},
		{"confirm-approve", site(templates.View{Page: "confirm", Method: "approve", Start: "approve_contact", SignedIn: true})},
		{"confirm-vouch", step(templates.View{Page: "confirm", Method: "vouch", Person: &templates.Person{ID: "p-ana", Name: "ana"}, SignedIn: true})},
		{"confirm-vouch-trial", step(templates.View{Page: "confirm", Method: "vouch", Trial: true, Person: &templates.Person{ID: "p-ana", Name: "ana"}, SignedIn: true})},
		{"factor-contact-trial", step(trial)},
		{"confirm-go-on", step(templates.View{Page: "confirm", Method: "go_on"})},
		{"confirm-add-contact", step(templates.View{Page: "confirm", Method: "add_contact", Name: "ana", SignedIn: true})},
	}
}

func settingSamples() []sample {
	code := templates.View{Page: "confirm", Method: "new_contact", Minutes: 5, Resend: true, SignedIn: true}
	hinted := code
	hinted.Hint = "n••@example.com"
	question := templates.View{Page: "new-password", Method: "question", SignedIn: true}
	answered := question
	answered.Question, answered.Problem = "first_job", problem("answer_bad")
	return []sample{
		{"factor-question", step(templates.View{Page: "factor", Method: "question", Question: "first_school", Methods: []string{"recovery_code"}})},
		{"new-password-pin", step(templates.View{Page: "new-password", Method: "pin", Name: "ana", SignedIn: true})},
		{"new-password-question", step(question)},
		{"new-password-question-bad", step(answered)},
		{"confirm-change-mail", step(templates.View{Page: "confirm", Method: "change_mail", SignedIn: true})},
		{"confirm-change-phone", step(templates.View{Page: "confirm", Method: "change_phone", Phone: "12", Problem: problem("phone_bad"), SignedIn: true})},
		{"confirm-new-contact", step(hinted)},
		{"confirm-new-contact-plain", step(code)},
		{"confirm-open-case", step(templates.View{Page: "confirm", Method: "open_case", SignedIn: true, Problem: problem("reason_missing")})},
		{"confirm-drill", step(templates.View{Page: "confirm", Method: "drill", SignedIn: true})},
		{"account-admin", adminAccount()},
		{"account-bare", bareAccount()},
	}
}

// adminAccount shows all that an account page can.
func adminAccount() templates.View {
	v := account(site(templates.View{Page: "account", SignedIn: true}), 8)
	v.Waits = []templates.Wait{{Goal: "second_factor", Until: someTime().AddDate(0, 0, 1)}}
	v.Losses = []templates.Loss{
		{What: "phone"}, {What: "mailbox", Locked: true, Mend: "add_contact"}, {What: "laptop"}, {What: "paper", Locked: true, Mend: "add_phone"},
	}
	v.Setup = &templates.Extras{
		Mail: true, Phone: true, PIN: true, Question: true, HasPIN: true, Contacts: []string{"ben", "Zoë"},
		Admin: true, Drill: true, Reminder: true,
	}
	return v
}

// bareAccount belongs to somebody who has nothing but a password.
func bareAccount() templates.View {
	v := account(site(templates.View{Page: "account", SignedIn: true}), 0)
	v.Account.Mail, v.Account.Phone, v.Account.Factors, v.Account.Probation = "", "", nil, time.Time{}
	v.Losses = []templates.Loss{{What: "mailbox", Locked: true, Mend: "new_codes"}, {What: "paper", Locked: true, Mend: "add_mail"}}
	v.Setup = &templates.Extras{Mail: true, Phone: true, PIN: true, Question: true, HasQuestion: true}
	return v
}

func peopleSamples() []sample {
	list := []templates.Person{
		{ID: "p-ana", Name: "ana", State: "active", Admin: true, TwoFactors: true, Self: true},
		{ID: "p-ben", Name: "ben", State: "active", TwoFactors: true},
		{ID: "p-chloe", Name: "chloé.de-la-rochefoucauld", State: "frozen", TwoFactors: true},
		{ID: "p-dan", Name: "dan", State: "invited", Until: someTime().AddDate(0, 0, 2)},
		{ID: "p-eve", Name: "eve", State: "disabled", Admin: true},
	}
	people := templates.View{Page: "people", People: list, SignedIn: true, Name: "ana"}
	taken := people
	taken.Name, taken.Mail, taken.Groups, taken.Problem = "ben", "ben@example.com", "family", problem("name_taken")
	taken.People = nil
	samples := []sample{
		{"people", site(people)},
		{"people-taken", site(taken)},
		{"invite", site(templates.View{Page: "invite", Hint: "d••@example.com", Wait: 72 * time.Hour, SignedIn: true})},
		{"invite-plain", site(templates.View{Page: "invite", SignedIn: true})},
		{"invite-link", site(templates.View{Page: "invite", Code: "https://photos.example.com/.sparekey/link#k3v9q7xw2m5t8r4yk3v9q7xw2m5t8r4y", Wait: 72 * time.Hour, SignedIn: true})},
	}
	for _, how := range []string{templates.CaseInPerson, templates.CaseEither} {
		v := person(list[1])
		v.Case = how
		samples = append(samples, sample{"person-case-" + how, v})
	}
	handed := templates.View{Page: "confirm", Method: "admin_in_person", Code: "K7QM-4XRT-92ND-BWHC", Wait: time.Hour, SignedIn: true}
	handed.Person = &templates.Person{ID: "p-ben", Name: "ben"}
	colleague := handed
	colleague.Person = &templates.Person{ID: "p-eve", Name: "eve", Admin: true}
	samples = append(samples, sample{"confirm-handed", step(handed)}, sample{"confirm-handed-admin", step(colleague)})
	for i, name := range []string{"person-self", "person", "person-frozen", "person-invited", "person-disabled"} {
		samples = append(samples, sample{name, person(list[i])})
	}
	late := list[3]
	late.Expired = true
	mailed := person(late)
	mailed.AskMail = true
	act, open := person(list[1]), person(list[1])
	act.Reason, act.Problem = "x", problem("reason_missing")
	moved := person(list[1])
	moved.AskMail, moved.Method, moved.Mail, moved.Reason, moved.Problem = true, "correct_mail", "ben@", "lost the old mailbox", problem("mail_bad")
	open.Choice, open.Reason, open.Problem = "both", "x", problem("reason_missing")
	return append(samples,
		sample{"person-expired", mailed},
		sample{"people-expired", site(templates.View{Page: "people", People: []templates.Person{late}, SignedIn: true})},
		sample{"person-reason", act},
		sample{"person-address", moved},
		sample{"person-case-reason", open},
		sample{"person-case-step", step(templates.View{Page: "person", Method: "open_case", Person: &templates.Person{ID: "p-ben", Name: "ben"}, SignedIn: true})},
	)
}

func person(p templates.Person) templates.View {
	p.Account = &templates.Account{Name: p.Name, Mail: "b••@example.com", Groups: []string{"family"}}
	if p.TwoFactors {
		p.Account.Factors, p.Account.CodesLeft = []templates.Factor{{Method: "totp", Since: someTime().AddDate(0, -2, 0)}}, 7
		p.Account.Phone, p.Account.Probation = "+33 • •• •• •• 78", someTime().AddDate(0, 0, 1)
		p.Account.Sessions = []templates.Session{{ID: "s-7", Browser: "Firefox on Windows", Since: someTime(), Seen: someTime().Add(time.Hour)}}
	}
	return site(templates.View{Page: "person", Person: &p, SignedIn: true})
}
