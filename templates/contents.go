package templates

// contents has a value of every page: the one list of the pages there are. New
// renders each once, so a field that a template puts into a key has a value that
// makes a key.
func contents() []Content {
	ana := Person{
		ID: "1", Name: "ana", State: "active", TwoFactors: true,
		Account: &Account{
			Mail: "a••@example.com", Phone: "+33 • •• •• •• 78", Factors: []Factor{{Method: "totp"}}, Sessions: []Session{{ID: "1"}},
			Unconfirmed: []Unconfirmed{{What: "mail", Can: true}, {What: "phone", Used: true, Can: true}},
		},
	}
	ways := Ways{Method: "totp", Methods: []string{"recovery_code"}}
	return []Content{
		AccountPage{Unconfirmed: ana.Account.Unconfirmed, Losses: []Loss{{What: "phone", Locked: true, Mend: "new_codes", Thing: LossGone}}, Waits: []Wait{{Goal: "password"}}},
		AccountSignInPage{Factors: append(ana.Account.Factors, Factor{Method: "passkey", Worth: WorthBoth, Doubt: "counter", Place: "example.com", Spare: true}), PIN: true, Question: true},
		AccountDevicesPage{Sessions: []Session{{ID: "1", Methods: []string{"password"}}}, Browsers: []Browser{{ID: "1", Label: "desk", Network: "192.0.2.7"}}},
		AccountRecoveryPage{Contacts: []string{"ben"}, Losses: []Loss{{What: "phone", Locked: true, Mend: "new_codes", Thing: LossGone}}},
		AccountKeysPage{Keys: []Key{{ID: "1", Name: "phone backup", Maker: "sam", Hosts: []string{"photos.example.com"}, Paths: []string{"/dav/*"}, Suspended: true}}},
		AccountContactPage{Mail: ana.Account.Mail, Phone: ana.Account.Phone, CanMail: true, CanPhone: true, Unconfirmed: ana.Account.Unconfirmed, KeepDays: 7},
		AccountActivityPage{Log: Log{Entries: activities(), Older: "x", Later: true, Lost: true}},
		ActivatePage{By: "sam", Group: true},
		ChoicePage{Choices: []string{"password"}, Factors: []Option{{Method: "totp"}}},
		ChoosePage{Choice: "password", Options: []Option{{Method: "recovery_code", Then: []string{"mail_link"}}}},
		CodesPage{Codes: []string{"ABCD"}},
		ConfirmPage{},
		DevicePage{Request: &DeviceRequest{ID: "1", State: "waiting", Browser: "Firefox on Linux", Network: "192.0.2.1", Host: "photos.example.com"}},
		DeviceWaitPage{Ways: Ways{Method: "device", Methods: []string{"totp"}}, State: "waiting", Waits: true, Number: "42", Link: "https://photos.example.com/"},
		EnrollPage{Ways: ways, Choice: "second_factor"},
		FactorPage{Ways: ways},
		ForbiddenPage{Name: "ana"},
		WaitsPage{Waits: []Wait{{Goal: "password", Browser: "Firefox on Linux"}}},
		FramePage{},
		InvitePage{},
		InvitesPage{AskMail: true, Links: []GroupInvite{{ID: "1", By: "sam", Groups: []string{"family"}, Uses: 5}}},
		InviteOverPage{State: "used", Recover: true},
		KeysPage{},
		NotSavedPage{},
		NewPasswordPage{Method: "password", Name: "ana"},
		PeoplePage{Waiting: []Proposal{{ID: "1", Person: ana, What: "case"}}, People: []Person{ana}, Show: "all", Filters: []string{"all"}, Search: "an"},
		PeopleActivityPage{Log: Log{Entries: activities(), Older: "x", Later: true}, Events: []string{"login"}},
		PersonPage{Person: &ana, AskMail: true, Acts: []string{"unlock"}},
		RecoverPage{AskPhone: true, Case: CaseInPerson},
		ReinstatePage{},
		RefusedPage{},
		SentPage{Ways: ways},
		SetupPage{AskMail: true, AskPhone: true},
		SignInPage{Name: "ana", Remember: true, Recover: true, Passkeys: true},
		SignedOutPage{},
		SlowDownPage{Ways: ways},
		StopPage{},
		UnavailablePage{},
		UndoPage{},
		WaitPage{Ways: ways, Choice: "password"},
		WorkerPage{Next: "/.sparekey/account"},
	}
}

func activities() []Activity {
	return []Activity{
		{Event: "login", Browser: "Firefox on Linux", Network: "192.0.2.7"},
		{Event: "account_disabled", Name: "ben", By: "ana", Detail: "left the company", Count: 2},
		{Event: "rescue", Gone: "3f2a", ByWay: "command"},
		{Event: "account_frozen", ByWay: "link"},
		{Event: "case_opened", ByGone: "3f2a"},
	}
}

// Pages lists the names of all pages.
func Pages() []string {
	var names []string
	for _, c := range contents() {
		names = append(names, c.Page())
	}
	return names
}
