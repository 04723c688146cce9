package web_test

import (
	"time"

	"github.com/caddy-sparekey/sparekey/recovery"
)

const (
	toSMS    = "ask, mail, choose second_factor, password, see factor" // the code for the number is asked for
	toEnroll = toSMS + ", sms, see enroll"
	finish   = ", see codes, choose saved, see sign-in"
)

func changedWays() []policyChange {
	sf, both, pw := recovery.GoalSecondFactor, recovery.GoalBoth, recovery.GoalPassword
	threeway := []string{recovery.MailLink, recovery.Password, recovery.SMSCode}
	return []policyChange{
		{
			name: "way removed: another of its goal is left", before: toSMS, edit: without(sf, threeway...),
			after: "see factor, sms, see factor, paper, see enroll, scan" + finish, takes: true,
		},
		{
			name: "way removed at the last page", before: toEnroll, edit: without(sf, threeway...),
			after: "see factor, go, see factor, hides method=sms_code, offers method=wait",
		},
		{
			name: "way removed, the form of its page is sent", before: toEnroll + ", scan, see codes", edit: without(sf, threeway...),
			after: "choose saved, see factor",
		},
		{
			name: "way added", before: toSMS, edit: with(sf, recovery.Way{Proofs: []string{recovery.Password, recovery.Factor}}),
			after: "offers method=totp, method totp, totp, go, see enroll, scan" + finish, takes: true,
		},
		{
			name: "weaker way added: nothing is missing any more", before: toSMS, edit: with(sf, recovery.Way{Proofs: []string{recovery.Password}, WeakOK: true}),
			after: "see confirm, again, see confirm, go, see enroll, scan" + finish, takes: true,
		},
		{
			name: "weaker way added: the old page's form is sent", before: toSMS, edit: with(sf, recovery.Way{Proofs: []string{recovery.Password}, WeakOK: true}),
			after: "sms, see enroll, scan" + finish, takes: true,
		},
		{
			name: "goal switched off", before: toSMS, edit: both0(sf),
			after: "see refused, sms, see refused, ask, mail, see choice, hides choice=second_factor, choose second_factor, see choice, choose password, totp, see new-password",
		},
		{
			name: "goal switched off where it is chosen", before: "ask, mail, see choice", edit: both0(sf),
			after: "hides choice=second_factor, choose second_factor, see choice, choose password, see factor, totp, new, see sign-in", takes: true,
		},
		{name: "goal switched off at the last page", before: toEnroll, edit: both0(sf), after: "see refused, go, see refused"},
		{name: "everything switched off", before: toSMS, edit: func(p *recovery.Policy) { p.Ways = nil }, after: "see refused, sms, see refused"},
		{name: "everything switched off where the mail is awaited", before: "ask, see sent", edit: func(p *recovery.Policy) { p.Ways = nil }, after: "see refused, mail, see refused"},
		{name: "only one goal is left", before: "ask, mail, see choice", edit: both0(sf, both), after: "see factor, choose second_factor, see factor, totp, go, see new-password"},
		{
			name: "another goal is added", before: "ask, mail, choose password, totp, see new-password", edit: with(pw, recovery.Way{Proofs: []string{recovery.RecoveryCode}, WeakOK: true}),
			after: "see new-password, new, see sign-in", takes: true,
		},
		{name: "people have to vouch now", before: "ask, mail, choose both, see factor", edit: func(p *recovery.Policy) {
			p.Ways[both] = []recovery.Way{{Proofs: []string{recovery.VouchedBy + "*2", recovery.MailLink}}}
		}, after: "see confirm, paper, see factor, go, see factor"},
	}
}

// both0 switches goals off.
func both0(goals ...recovery.Goal) func(*recovery.Policy) {
	return func(p *recovery.Policy) {
		for _, g := range goals {
			p.Ways[g] = nil
		}
	}
}

func changedWaits() []policyChange {
	sf := recovery.GoalSecondFactor
	two := []string{recovery.MailLink, recovery.Password}
	three := []string{recovery.MailLink, recovery.Password, recovery.SMSCode}
	toWait := "ask, mail, choose second_factor, password, method wait, see wait"
	again := ", ask, mail, choose second_factor, password"
	return []policyChange{
		{
			name: "wait added to the way walked", before: toEnroll, edit: waitOf(sf, 48*time.Hour, three...),
			after: "see factor, go, see factor, offers method=wait",
		},
		{name: "wait removed before it began", before: toWait, edit: waitOf(sf, 0, two...), after: "see confirm, go, see enroll, scan" + finish, takes: true},
		{name: "wait removed, its button is pressed", before: toWait, edit: waitOf(sf, 0, two...), after: "choose wait, see enroll, scan" + finish, takes: true},
		{name: "wait removed while it runs", before: toWait + ", choose wait, pass 1h", edit: waitOf(sf, 0, two...), after: again + ", see enroll, scan" + finish, takes: true},
		{
			name: "wait made longer before it began", before: toWait, edit: waitOf(sf, 72*time.Hour, two...),
			after: "see wait, choose wait, hides choice=wait, pass 25h" + again + ", see factor, method wait, see wait, hides choice=wait",
		},
		{
			name: "wait made longer while it runs: not over when it was promised", before: toWait + ", choose wait, pass 25h", edit: waitOf(sf, 72*time.Hour, two...),
			after: again + ", see factor, method wait, see wait, hides choice=wait",
		},
		{
			name: "wait made longer while it runs: over when it is now", before: toWait + ", choose wait, pass 73h", edit: waitOf(sf, 72*time.Hour, two...),
			after: again + ", see enroll, scan" + finish, takes: true,
		},
		{
			name: "wait made so long that it would be forgotten first", before: toWait + ", choose wait, pass 25h", edit: waitOf(sf, 30*24*time.Hour, two...),
			after: again + ", see factor, method wait, see wait, offers choice=wait, choose wait, hides choice=wait",
		},
		{
			name: "wait made shorter", before: toWait + ", choose wait, pass 2h", edit: waitOf(sf, time.Hour, two...),
			after: again + ", see factor, method wait, see wait, hides choice=wait, pass 23h" + again + ", see enroll, scan" + finish, takes: true,
		},
		{name: "ripe wait, way removed", before: toWait + ", choose wait, pass 25h", edit: without(sf, two...), after: again + ", see factor, hides method=wait"},
		{name: "ripe wait, the way takes another proof", before: toWait + ", choose wait, pass 25h", edit: func(p *recovery.Policy) {
			without(sf, two...)(p)
			with(sf, recovery.Way{Proofs: []string{recovery.MailLink, recovery.Password, recovery.MailCode}, Wait: recovery.MinWait})(p)
		}, after: again + ", see factor, method mail_code, hides choice=wait"},
		{name: "running wait, another wait for the goal", before: toWait + ", choose wait, pass 1h", edit: func(p *recovery.Policy) {
			p.Ways[sf] = []recovery.Way{{Proofs: []string{recovery.Password, recovery.MailLink, recovery.RecoveryCode}, Wait: 48 * time.Hour}}
			p.Ways[recovery.GoalBoth] = []recovery.Way{{Proofs: []string{recovery.Rescue}}}
		}, after: again + ", paper, see wait, offers choice=wait, choose wait, hides choice=wait"},
		{
			name: "a ripe wait is forgotten sooner", before: toWait + ", choose wait, pass 30h", edit: func(p *recovery.Policy) { p.Lifetimes.Ripe = time.Hour },
			after: again + ", see factor, method wait, see wait, offers choice=wait",
		},
		{name: "ripe wait, goal switched off", before: toWait + ", choose wait, pass 25h", edit: both0(sf), after: "ask, mail, see choice, hides choice=second_factor"},
	}
}

func changedAsks() []policyChange {
	question := asking(recovery.SecurityQuestion, recovery.KindRecover)
	return []policyChange{
		{name: "ask question added", before: toSMS, edit: question, after: "see factor, asks answer, sms, see factor, asks answer, answer, see factor, sms, see enroll, scan" + finish, takes: true},
		{name: "ask question added at the last page", before: toEnroll + ", scan, see codes", edit: question, after: "asks answer, choose saved, asks answer, answer, see codes, choose saved, see sign-in", takes: true},
		{name: "ask question added where the mail is awaited", before: "ask, see sent", edit: question, after: "see sent, mail, asks answer, answer, see choice"},
	}
}

func changedMeans() []policyChange {
	mail, sms := []string{recovery.ChannelMail}, []string{recovery.ChannelSMS}
	return []policyChange{
		{name: "no SMS gateway any more", before: toSMS, channels: mail, after: "see factor, hides method=sms_code, sms, see factor, paper, see enroll, scan" + finish, takes: true},
		{name: "no SMS gateway any more, the code had arrived", before: toEnroll, channels: mail, after: "see enroll, scan" + finish, takes: true},
		{name: "no mail any more", before: "ask, see sent", channels: sms, after: "see factor, mail, see factor, paper, see factor, password, see enroll, scan" + finish, takes: true},
		{
			name: "mail links live shorter: too late now", before: "ask, see sent, pass 2m", edit: func(p *recovery.Policy) { p.Lifetimes.MailLink = time.Minute },
			after: "see sent, mail, see sent, method mail_link, mail, see choice",
		},
		{
			name: "codes live shorter: too late now", before: toSMS + ", pass 2m", edit: func(p *recovery.Policy) { p.Lifetimes.SMSCode = time.Minute },
			after: "see factor, sms, see factor, method sms_code, sms, see enroll",
		},
		{
			name: "flows live shorter: too late now", before: toEnroll + ", pass 10m", edit: func(p *recovery.Policy) { p.Lifetimes.Flow = 5 * time.Minute },
			after: "see refused, go, see refused, ask, see sent",
		},
		{
			name: "flows live shorter: still in time", before: toEnroll + ", pass 4m", edit: func(p *recovery.Policy) { p.Lifetimes.Flow = 5 * time.Minute },
			after: "see enroll, scan" + finish, takes: true,
		},
		{name: "lock added", before: toSMS, edit: func(p *recovery.Policy) { p.Lock = &recovery.Lock{After: 1, For: time.Hour} }, after: "sms, see enroll, scan" + finish, takes: true},
		{name: "fewer tries of a code", before: toSMS, edit: func(p *recovery.Policy) { p.Limits.CodeTries = 1 }, after: "paper, see factor, sms, see slow-down"},
	}
}
