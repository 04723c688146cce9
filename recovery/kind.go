package recovery

// Kind of a flow; each stands beside its recipe.
type Kind string

// Goal is what a recovery replaces: the values of the field "choice".
type Goal string

// The goals.
const (
	GoalPassword     Goal = "password"
	GoalSecondFactor Goal = "second_factor"
	GoalBoth         Goal = "both"
)

// Goals lists the goals.
func Goals() []Goal { return []Goal{GoalPassword, GoalSecondFactor, GoalBoth} }
