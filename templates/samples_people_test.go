package templates_test

import (
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/method"
	"github.com/caddy-sparekey/sparekey/templates"
)

func someTime() time.Time { return time.Date(2026, time.March, 5, 14, 5, 0, 0, time.UTC) }

func waitSamples() []sample {
	return []sample{
		{"wait", running(), templates.WaitPage{Choice: "second_factor", Ways: templates.Ways{Methods: []string{"recovery_code", "contact"}}}},
		{"wait-plain", running(), templates.WaitPage{}},
		{"wait-timed", running(), templates.WaitPage{Choice: "both", Wait: 48 * time.Hour}},
		{"wait-begun", step(templates.Frame{Notice: problem("wait_started")}), templates.WaitPage{Choice: "second_factor", Until: someTime()}},
		{"wait-begun-case", running(), templates.WaitPage{Choice: "both", Until: someTime(), Case: templates.CaseInPerson}},
		{"reinstate", plain(), templates.ReinstatePage{}},
		{"reinstate-late", site(templates.Frame{Problem: problem("link_expired")}), templates.ReinstatePage{}},
		{"undo", plain(), templates.UndoPage{Token: "k3v9-undo-ticket", Reopening: reopened()}},
		{"undo-done", site(templates.Frame{Notice: problem("contact_undone")}), templates.UndoPage{}},
		{"recover-unlock", started("unlock"), templates.RecoverPage{}},
		{"recover-desk", started("recover"), templates.RecoverPage{AskPhone: true}},
		{"recover-desk-bad", site(templates.Frame{Start: "recover", Problem: problem("phone_bad")}), templates.RecoverPage{AskPhone: true, Phone: "12"}},
		{"recover-case", started("recover"), templates.RecoverPage{Case: templates.CaseInPerson}},
		{"confirm-case", plain(), templates.ConfirmPage{Case: templates.CaseEither}},
	}
}

// confirming is a form of the page for confirmations.
func confirming(method string) templates.ConfirmPage {
	return templates.ConfirmPage{Ways: templates.Ways{Method: method}}
}

func vouchSamples() []sample {
	contact := templates.FactorPage{
		Ways: templates.Ways{Method: "contact", Resend: "contact*2", Methods: []string{"recovery_code"}},
		Code: "K7QM-4XRT", Minutes: 30, More: 2, People: []templates.Person{{Name: "ben"}, {Name: "Zoë"}},
	}
	waiting, trial := contact, contact
	waiting.People, waiting.More, waiting.Recover = nil, 1, true
	trial.Trial, trial.Methods, trial.More = true, nil, 1
	vouch := confirming("vouch")
	vouch.Person = &templates.Person{ID: "p-ana", Name: "ana"}
	tried := vouch
	tried.Trial = true
	add := confirming("add_contact")
	add.Name = "ana"
	return []sample{
		{"factor-contact", running(), contact},
		{"factor-contact-waiting", step(templates.Frame{Problem: problem("contact_waiting")}), waiting},
		{"factor-contact-trial", owned(), trial},
		{"confirm-approve", site(templates.Frame{Start: "approve_contact", SignedIn: true}), confirming("approve")},
		{"confirm-approve-young", site(templates.Frame{Start: "approve_contact", SignedIn: true}), templates.ConfirmPage{Ways: templates.Ways{Method: "approve"}, Why: "device_young"}},
		{"confirm-vouch", owned(), vouch},
		{"confirm-vouch-trial", owned(), tried},
		{"confirm-go-on", running(), confirming("go_on")},
		{"confirm-add-contact", owned(), add},
	}
}

func settingSamples() []sample {
	code := confirming("new_contact")
	code.Minutes, code.Resend = 5, code.Method
	hinted, phone := code, confirming("change_phone")
	hinted.Hint, phone.Phone = "n••@example.com", "12"
	joining := confirming("join_name")
	joining.Name, joining.Person = "ben", &templates.Person{Name: "sam"}
	question := templates.NewPasswordPage{Method: "question", Questions: method.Questions()}
	answered := question
	answered.Question = "first_job"
	return []sample{
		{"factor-question", running(), templates.FactorPage{Ways: templates.Ways{Method: "question", Methods: []string{"recovery_code"}}, Question: "first_school"}},
		{"new-password-pin", owned(), templates.NewPasswordPage{Method: "pin", Name: "ana"}},
		{"new-password-question", owned(), question},
		{"new-password-question-bad", step(templates.Frame{SignedIn: true, Problem: problem("answer_bad")}), answered},
		{"confirm-change-mail", owned(), confirming("change_mail")},
		{"confirm-change-phone", step(templates.Frame{SignedIn: true, Problem: problem("phone_bad")}), phone},
		{"confirm-new-contact", owned(), hinted},
		{"confirm-new-contact-plain", owned(), code},
		{"confirm-mail", running(), asked("confirm_mail", "n••@example.com")},
		{"confirm-phone", owned(), asked("confirm_phone", "")},
		{"confirm-open-case", step(templates.Frame{SignedIn: true, Problem: problem("reason_missing")}), confirming("open_case")},
		{"confirm-drill", owned(), confirming("drill")},
		{"confirm-join-mail", running(), confirming("join_mail")},
		{"confirm-join-name", running(), confirming("join_name")},
		{"confirm-join-vouch", step(templates.Frame{Problem: problem("name_else")}), joining},
	}
}

// asked is the page for a code that confirms an address; with a hint it is that
// of a new account, where it may be skipped.
func asked(method, hint string) templates.ConfirmPage {
	c := confirming(method)
	c.Minutes, c.Resend, c.Hint, c.Skip = 10, c.Method, hint, hint != ""
	return c
}

// residents are one person in each state there is.
func residents() []templates.Person {
	return []templates.Person{
		{ID: "p-ana", Name: "ana", State: "active", Admin: true, TwoFactors: true, Self: true},
		{ID: "p-ben", Name: "ben", Display: "Ben Okonkwo", State: "active", TwoFactors: true, Locked: someTime(), LockedOut: true, SignedIn: someTime()},
		{ID: "p-chloe", Name: "chloé.de-la-rochefoucauld", State: "frozen", TwoFactors: true},
		{ID: "p-dan", Name: "dan", State: "invited", Until: someTime().AddDate(0, 0, 2)},
		{ID: "p-eve", Name: "eve", State: "disabled", Admin: true},
	}
}

func peopleSamples() []sample {
	list := residents()
	late := list[3]
	late.Expired = true
	handed := confirming("admin_in_person")
	handed.Code, handed.Wait, handed.Person = "K7QM-4XRT-92ND-BWHC", time.Hour, &templates.Person{ID: "p-ben", Name: "ben"}
	colleague := handed
	colleague.Person = &templates.Person{ID: "p-eve", Name: "eve", Admin: true}
	samples := []sample{
		{"people", mine(), listed(templates.PeoplePage{People: list, Name: "ana"})},
		{"people-activity", mine(), templates.PeopleActivityPage{Log: templates.Log{Entries: activities(), Older: "2026-03-05T14:05:00Z.abc", Later: true, Lost: true}, Who: "p-ana", Name: "ana", Event: "login", Since: "2026-03-01", Events: []string{"login", "login_failed"}}},
		{"people-activity-none", mine(), templates.PeopleActivityPage{Events: []string{"login"}}},
		{"people-activity-wrong", site(templates.Frame{SignedIn: true, Problem: problem("activity_nobody")}), templates.PeopleActivityPage{Name: "zoe", Events: []string{"login"}}},
		{"people-taken", site(templates.Frame{SignedIn: true, Problem: problem("name_taken")}), listed(templates.PeoplePage{Name: "ben", Mail: "ben@example.com", Groups: "family"})},
		{"people-by-hand", mine(), listed(templates.PeoplePage{AskMail: true})},
		{"people-held", site(templates.Frame{SignedIn: true, Problem: problem("name_held")}), listed(templates.PeoplePage{Name: "ben", Held: true})},
		{"people-waiting", mine(), listed(templates.PeoplePage{Waiting: proposals()})},
		{"people-expired", mine(), listed(templates.PeoplePage{People: []templates.Person{late}, Show: "invited"})},
		{"people-pages", mine(), listed(templates.PeoplePage{People: list[:2], Show: "locked_out", Found: 120, Earlier: true, Later: true})},
		{"people-found", mine(), listed(templates.PeoplePage{People: list[:1], Search: "an", Found: 60, Later: true})},
		{"invite", mine(), templates.InvitePage{Hint: "d••@example.com", Wait: 72 * time.Hour}},
		{"invite-plain", mine(), templates.InvitePage{}},
		{"invite-link", mine(), templates.InvitePage{Code: "https://photos.example.com/.sparekey/link#k3v9q7xw2m5t8r4yk3v9q7xw2m5t8r4y", Wait: 72 * time.Hour}},
		{"invite-by-hand", mine(), templates.InvitePage{Code: "https://photos.example.com/.sparekey/activate#k3v9q7xw2m5t8r4yk3v9q7xw2m5t8r4y", ByHand: true, Wait: 72 * time.Hour}},
		{"invite-group", mine(), templates.InvitePage{Code: "https://photos.example.com/.sparekey/join#k3v9q7xw2m5t8r4yk3v9q7xw2m5t8r4y", Uses: 20, Wait: 168 * time.Hour}},
		{"invites", mine(), templates.InvitesPage{AskMail: true, Links: groupLinks()}},
		{"invites-none", mine(), templates.InvitesPage{}},
		{"invites-wrong", site(templates.Frame{SignedIn: true, Problem: problem("link_uses")}), templates.InvitesPage{AskMail: true, Uses: "99", Reason: "choir"}},
		{"invites-one", mine(), templates.InvitesPage{AskMail: true, Links: groupLinks(), Link: &groupLinks()[0]}},
		{"activate-group", started("join"), templates.ActivatePage{By: "sam", Group: true}},
		{"invite-over-full", plain(), templates.InviteOverPage{State: "full"}},
		{"invite-over-used", plain(), templates.InviteOverPage{State: "used", Recover: true}},
		{"invite-over-expired", plain(), templates.InviteOverPage{State: "expired"}},
		{"invite-over-revoked", plain(), templates.InviteOverPage{State: "revoked"}},
		{"confirm-handed", owned(), handed},
		{"confirm-handed-admin", owned(), colleague},
	}
	for i, name := range []string{"person-self", "person", "person-frozen", "person-invited", "person-disabled"} {
		samples = append(samples, sample{name, mine(), person(list[i])})
	}
	return append(samples, personSamples(list[1], late)...)
}

func proposals() []templates.Proposal {
	ben, eve := templates.Person{ID: "p-ben", Name: "ben"}, templates.Person{ID: "p-eve", Name: "eve"}
	return []templates.Proposal{
		{ID: "k7qm4xrt", Person: ben, What: "case", By: "sam", Reason: "lost the phone", Until: someTime()},
		{ID: "92ndbwhc", Person: eve, What: "groups", By: "ana", Reason: "helps me", Until: someTime(), Own: true},
		{ID: "4xrtk7qm", Person: templates.Person{ID: "p-ana", Name: "ana"}, What: "case", By: "sam", Reason: "asked me to", Until: someTime(), Self: true},
	}
}

func groupLinks() []templates.GroupInvite {
	came := []templates.Person{{ID: "p-ben", Name: "ben", State: "active"}}
	return []templates.GroupInvite{
		{ID: "k7qm4xrt", Groups: []string{"choir"}, Note: "the choir", By: "ana", Uses: 20, Used: 1, Held: 2, Until: someTime(), People: came},
		{ID: "92ndbwhc", Note: "cousins", Uses: 1, Until: someTime(), Revoked: true},
	}
}

// personSamples are states of the page of one person, and one of another whose
// invitation is too old.
func personSamples(ben, late templates.Person) []sample {
	wrong := func(key string) templates.Frame { return site(templates.Frame{SignedIn: true, Problem: problem(key)}) }
	gone, endless := ben, ben
	gone.State, gone.Leaving = "disabled", someTime().AddDate(0, 0, 7)
	locked := person(endless)
	locked.Endless = true
	inPerson, either, open, temporary := acting(ben, "case"), acting(ben, "case"), acting(ben, "case"), acting(ben, "case")
	temporary.Temporary, temporary.Choice = true, "temporary"
	inPerson.Case, either.Case = templates.CaseInPerson, templates.CaseEither
	open.Choice, open.Reason = "both", "x"
	lift, moved, again := acting(ben, "unlock"), acting(ben, "correct_mail"), acting(late, "invite_again")
	lift.Reason = "x"
	moved.Mail, moved.Reason = "ben@", "lost the old mailbox"
	again.AskMail = true
	closed := ben
	closed.State = "frozen"
	samples := []sample{
		{"person-expired", mine(), person(late)},
		{"person-leaving", mine(), person(gone)},
		{"person-endless", mine(), locked},
		{"person-case", mine(), acting(ben, "case")},
		{"person-case-temporary", mine(), temporary},
		{"person-case-frozen", mine(), acting(closed, "case")},
		{"person-case-in_person", mine(), inPerson},
		{"person-case-either", mine(), either},
		{"person-case-reason", wrong("reason_missing"), open},
		{"person-case-step", owned(), templates.PersonPage{Person: &templates.Person{ID: "p-ben", Name: "ben"}}},
		{"person-reason", wrong("reason_missing"), lift},
		{"person-address", wrong("mail_bad"), moved},
		{"person-invite-again", mine(), again},
		{"person-invite-link", mine(), acting(late, "invite_link")},
		{"person-no-second", wrong("no_second"), acting(ben, "groups")},
		{"person-withdraw", mine(), acting(late, "withdraw")},
		{"person-self-refused", wrong("not_yourself"), person(residents()[0])},
	}
	for _, do := range []string{"sign_out", "enable", "disable", "remove", "groups", "display_name", "rename", "extension", "correct_phone", "key", "revoke_key"} {
		samples = append(samples, sample{"person-do-" + do, mine(), acting(ben, do)})
	}
	return samples
}

// acting is the form of an action on the page of somebody.
func acting(p templates.Person, do string) templates.PersonPage {
	v := person(p)
	v.Do, v.Groups, v.Label = do, "family", p.Display
	return v
}

func person(p templates.Person) templates.PersonPage {
	p.Account = &templates.Account{Name: p.Name, Mail: "b••@example.com", Groups: []string{"family"}}
	if p.TwoFactors {
		p.Account.Keys, p.Account.Lines = accessKeys(), []string{"+33123456789 12"}
		p.Account.Factors, p.Account.CodesLeft = []templates.Factor{{Method: "totp", Since: someTime().AddDate(0, -2, 0)}}, 7
		p.Account.Phone, p.Account.Probation = "+33 • •• •• •• 78", someTime().AddDate(0, 0, 1)
		p.Account.Sessions = []templates.Session{{ID: "s-7", Browser: "Firefox on Windows", Since: someTime(), Seen: someTime().Add(time.Hour)}}
	}
	v := templates.PersonPage{Person: &p}
	if !p.Self {
		v.Acts = []string{"unlock", "groups", "disable", "remove"}
	}
	return v
}

// listed is a page of the list with the filters that there are.
func listed(v templates.PeoplePage) templates.PeoplePage {
	v.Filters = []string{"all", "locked", "invited", "disabled", "no_factor", "locked_out"}
	if v.Show == "" {
		v.Show = "all"
	}
	if v.Found == 0 {
		v.Found = len(v.People)
	}
	return v
}
