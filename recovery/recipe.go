package recovery

import "slices"

// Recipe is one kind of flow in one value: how it begins, what it needs, in
// order, what it does in the end, and where it leads.
type Recipe struct {
	Kind Kind

	// A flow begins with a name that anybody types, from a session, or else
	// with a ticket only.
	Anyone   bool
	SignedIn bool
	Tickets  []string // purposes of the tickets that begin it
	Typed    string   // purpose of the ticket that is typed in place of the password in a sign-in, which goes on as this kind
	States   []State  // accounts it is for where no session begins it
	Creates  bool     // its account does not exist before it has finished

	Replaces bool // what is lost is chosen and made new: the ways of the policy say what that takes
	Opens    bool // ends in a session: when the password was right and the rest goes wrong, the owner hears of it
	Near     bool // begins in a session of fewer factors than the account has, too
	Trial    bool // nothing is lost: a way back is only tried out
	Yields   bool // an act of the owner after its first proof ends it

	Needs  []Need
	Finish func(End, *Account, *Effects) // pure, and may run twice; nil: nothing of this account changes

	Change    string // its row among the changes of the lint, and then an act of the owner; empty: it gives nobody a proof that was not theirs
	BadTicket string // key of what is said of a ticket that is none; empty: ProblemLinkExpired
	After     After
}

// RecipeOf is the recipe of a kind in a list; nil when there is none.
func RecipeOf(list []Recipe, kind Kind) *Recipe {
	return find(list, func(r Recipe) bool { return r.Kind == kind })
}

// RecipeFor is the recipe that a ticket begins; nil when there is none.
func RecipeFor(list []Recipe, purpose string) *Recipe {
	return find(list, func(r Recipe) bool { return slices.Contains(r.Tickets, purpose) })
}

// RecipeTyped is the recipe that a sign-in goes on as when a ticket was typed in
// place of the password; nil when there is none.
func RecipeTyped(list []Recipe) *Recipe {
	return find(list, func(r Recipe) bool { return r.Typed != "" })
}

func find(list []Recipe, is func(Recipe) bool) *Recipe {
	if i := slices.IndexFunc(list, is); i >= 0 {
		return &list[i]
	}
	return nil
}

// For tells whether the kind is for accounts in a state.
func (r *Recipe) For(s State) bool { return slices.Contains(r.States, s) }

// Place is where a finished flow leads.
type Place int

// The places.
const (
	ToAccount Place = iota // one's own account page
	ToSignIn
	ToReturn  // where the person was going
	ToPerson  // the page of the person the flow was about
	ToApprove // the page that answers requests
)

// After is where a finished flow leads, and what is said there.
type After struct {
	To    Place
	Page  string             // with ToAccount, the page of the account: sign-in, devices, recovery, contact; empty: the overview
	Says  []string           // keys of what may be said: the first, unless Which says otherwise; empty: nothing
	Which func(*Flow) string // one of Says
}

// Notice is the key of what is said after a flow; empty: nothing.
func (a After) Notice(f *Flow) string {
	switch {
	case a.Which != nil:
		return a.Which(f)
	case len(a.Says) > 0:
		return a.Says[0]
	}
	return ""
}

// Next computes the step from the facts: the first need that is not met.
// Nothing can be skipped, because nobody sets a state. A flow without a recipe
// leads nowhere.
func Next(f Facts) Step {
	if f.Recipe == nil || len(f.Recipe.Needs) == 0 {
		return Step{Page: PageRefused, Dead: ProblemNotAvailable}
	}
	for _, need := range f.Recipe.Needs {
		if step, missing := need(f); missing {
			return step
		}
	}
	return Step{Done: true}
}
