package recovery

import (
	"slices"
	"time"
)

// KindDropFactor takes every second factor off an account that need not have one.
const KindDropFactor Kind = "drop_factor"

// factorBack is how long a notice gives a second factor back that was taken off.
const factorBack = 72 * time.Hour

func dropFactorRecipe() Recipe {
	return Recipe{
		Kind: KindDropFactor, SignedIn: true, Change: "remove_factor",
		Needs:  []Need{Settled, droppable, factorItself, standsAlone},
		Finish: End.dropFactor,
		After:  After{Page: "sign-in", Says: []string{"factor_dropped"}},
	}
}

// droppable refuses where a second factor is required, and where there is none.
func droppable(f Facts) (Step, bool) {
	if f.Policy.Requires(f.Account) {
		return Step{Page: PageRefused, Dead: ProblemFactorRequired}, true
	}
	return Step{Page: PageRefused, Dead: ProblemNotAvailable}, !f.Methods.HasFactor(f.Account)
}

// factorItself needs a second factor to be shown, and no recovery code: a sheet of
// paper alone is not to make an account weaker.
func factorItself(f Facts) (Step, bool) { return oneOf(f, f.Methods.expand(Factor)) }

// dropFactor ends all other sign-ins with it.
func (end End) dropFactor(a *Account, eff *Effects) {
	a.Removed = &Removed{Until: end.Now.Add(factorBack), Credentials: slices.DeleteFunc(slices.Clone(a.Credentials), func(c Credential) bool {
		return !slices.Contains(end.Methods.expand(Factor), c.Method)
	})}
	a.Drop(end.Methods.expand(Factor)...)
	a.SecondFactor, a.FirstFactor = false, time.Time{}
	end.Install(a, Password) // where it was too short to stand alone
	end.Flow.EndOthers = true
	end.endOthers(a, eff)
	eff.Done(EventFactorRemoved)
}
