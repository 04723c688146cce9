package recovery

import (
	"slices"
	"time"
)

// Proposal is what an administrator asks for somebody where another one has to agree:
// a row of that person's account.
type Proposal struct {
	ID        string    `json:"id"`
	Do        string    `json:"do"`               // an [Action], as is [ActionCase]
	Groups    []string  `json:"groups,omitempty"` // all of them
	Goal      Goal      `json:"goal,omitempty"`
	Temporary bool      `json:"temporary,omitempty"` // a temporary password in place of a link
	Asker     string    `json:"asker"`               // id
	By        string    `json:"by"`                  // its name
	Reason    string    `json:"reason"`
	Until     time.Time `json:"until"`
	Ticket    string    `json:"ticket,omitempty"` // record of a code to be handed over, which opens nothing before
}

// proposedCase stands in [Proposal.Do] for a case.
const proposedCase = "case"

// without leaves out what waits of a kind.
func without(list []Proposal, do string) []Proposal {
	return slices.DeleteFunc(list, func(p Proposal) bool { return p.Do == do })
}
