package recovery

import "slices"

// KindAddFactor makes a second factor: the first one, one in the place of another, or
// one beside those there are.
const KindAddFactor Kind = "add_factor"

func addFactorRecipe() Recipe {
	return Recipe{
		Kind: KindAddFactor, SignedIn: true, Change: "add_factor",
		Needs: []Need{Settled, Strong, beside, newFactor, newSheet},
		Finish: func(end End, a *Account, eff *Effects) {
			eff.Thing = end.factorThing(a)
			if !end.Methods.HasFactor(a) {
				a.FirstFactor = end.Now
			}
			end.addFactor(a)
			end.endOthers(a, eff)
			eff.Done(EventFactorAdded)
		},
		After: After{Page: "sign-in", Says: []string{"second_factor_done", "factor_beside_done"}, Which: func(f *Flow) string {
			if f.Pending[RecoveryCode].Confirmed {
				return "second_factor_done"
			}
			return "factor_beside_done"
		}},
	}
}

// newSheet needs new recovery codes, unless the sheet that its owner has stays good.
func newSheet(f Facts) (Step, bool) {
	if f.keepsSheet() {
		return Step{}, false
	}
	return Enrolled(RecoveryCode)(f)
}

// keepsSheet tells that the new second factor stands beside another one: its owner has
// lost nothing, and who has come by a session gets no codes by it. One in the place of
// another may be for want of a phone that was lost with the sheet, and who has shown a
// code may not be the only one who has it.
func (f Facts) keepsSheet() bool {
	if !f.Methods.HasFactor(f.Account) || f.Flow.Has(RecoveryCode) || !f.Methods.ready(RecoveryCode, f.Account, f.Now) {
		return false
	}
	return !slices.ContainsFunc(f.Methods.expand(Factor), func(m string) bool {
		return f.Flow.Pending[m].Confirmed && f.Methods.replaces(f.Account, m)
	})
}

// replaces tells that a new credential of a method takes the place of an old one.
func (m *Methods) replaces(a *Account, method string) bool {
	return a.Credential(method) != nil && !m.Get(method).Traits().Several
}

// factorThing is the second factor that the flow has made, before it is installed.
func (end End) factorThing(a *Account) Thing {
	for _, method := range end.Methods.expand(Factor) {
		if end.Flow.Pending[method].Confirmed {
			return Thing{Method: method, Replaced: end.Methods.replaces(a, method)}
		}
	}
	return Thing{}
}
