package lint

import "slices"

// Result is what [Analyze] found for one shape.
type Result struct {
	Shape Shape    `json:"shape"`
	Login Strength `json:"login"` // its weakest minimal set
	// Sets are all minimal sets without an authority, weakest first.
	Sets []Takeover `json:"sets"`
	// Helped are the minimal sets with an authority: listed, not compared.
	Helped []Takeover `json:"helped"`
	// Findings name the ways that make a set weaker than the login possible.
	Findings []Finding `json:"findings"`
}

// Analyze computes every minimal set of sources that takes an account of this
// shape over, and blames ways for those weaker than the login. Ways the table
// cannot offer (see [Check]) take no part.
func Analyze(t Table, s Shape) Result {
	m := compile(t, s)
	r := Result{Shape: s, Login: m.login.Strength, Sets: []Takeover{}, Helped: []Takeover{}}
	for _, found := range m.minimal(nil) {
		x := m.takeover(found, nil)
		x.Chain = m.steps(m.held(found), nil)
		if m.count(found, ClassAuthority) > 0 {
			r.Helped = append(r.Helped, x)
			continue
		}
		r.Sets = append(r.Sets, x)
	}
	order(r.Sets)
	order(r.Helped)
	r.Findings = m.judge()
	return r
}

func order(list []Takeover) {
	slices.SortStableFunc(list, func(a, b Takeover) int {
		if c := a.Held - b.Held; c != 0 {
			return c
		}
		return a.Count - b.Count
	})
}
