package recovery

// Kind of a flow: a row of the recipe table.
type Kind string

// The kinds. recipes.go says what each needs, and FLOWS.md draws it.
const (
	KindLogin          Kind = "login"
	KindRecover        Kind = "recover"
	KindSetup          Kind = "setup"
	KindActivate       Kind = "activate"
	KindChangePassword Kind = "change_password"
	KindAddFactor      Kind = "add_factor"
	KindNewCodes       Kind = "new_codes"
	KindUnlock         Kind = "unlock"
	KindChangeMail     Kind = "change_mail"
	KindChangePhone    Kind = "change_phone"
	KindSetPIN         Kind = "set_pin"
	KindSetQuestion    Kind = "set_question"
	KindAddContact     Kind = "add_contact"
	KindVouch          Kind = "approve_contact"
	KindOpenCase       Kind = "open_case"
	KindStepUp         Kind = "step_up"
	KindDrill          Kind = "drill"
	KindDrillContact   Kind = "drill_contact"
)

// Goal is what a recovery replaces: the values of the field "choice".
type Goal string

// The goals.
const (
	GoalPassword     Goal = "password"
	GoalSecondFactor Goal = "second_factor"
	GoalBoth         Goal = "both"
)

// Goals lists the goals in the order of the choice page.
func Goals() []Goal { return []Goal{GoalPassword, GoalSecondFactor, GoalBoth} }
