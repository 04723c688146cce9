package recovery

import "time"

func (end End) activate(a *Account, eff *Effects) {
	a.Lang = end.Flow.Lang
	end.install(a, Password, 2)
	end.renewFactor(a) // an account that is not active yet has no codes to keep
	a.State, a.Invited = StateActive, time.Time{}
	for i := range a.Credentials {
		a.Credentials[i].Initial = true
	}
	a.Generation++
	name := EventActivated
	if end.Flow.Kind == KindSetup {
		name = EventSetup
	}
	eff.Events = append(eff.Events, name)
}

// ticket needs a single-use link that came from elsewhere.
func ticket(method, page string) Need {
	return func(f Facts) (Step, bool) {
		return Step{Page: page, Method: method}, !f.Flow.Has(method)
	}
}

// named needs the first account's name, and takes address and number with it.
func named(f Facts) (Step, bool) {
	return Step{Page: PageSetup, Method: ""}, f.Flow.Name == ""
}
