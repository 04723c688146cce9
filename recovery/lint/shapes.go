package lint

import (
	"slices"
	"strconv"
)

// Shapes lists every account the table can tell apart, without authority: for
// that is not compared. Things no way, row or channel mentions are left out, and
// so is what no account can have because no proof or channel stands for it.
func Shapes(t Table) []Shape {
	shapes := []Shape{{}}
	for _, p := range t.Proofs {
		switch {
		case !p.Factor:
		case t.verifies(p.Name):
			shapes = append(vary(shapes, p.Source), withAll(shapes, p.Source, TraitVerified)...)
		default:
			shapes = vary(shapes, p.Source)
		}
	}
	shapes = vary(shapes, SourceCodes)
	for _, x := range []struct{ name, channel string }{{SourceMail, channelMail}, {SourceSMS, channelSMS}} {
		if slices.Contains(t.Channels, x.channel) {
			shapes = vary(shapes, x.name)
		}
	}
	shapes = vary(shapes, SourceDevice)
	if slices.Contains(t.Channels, channelPush) {
		shapes = vary(shapes, TraitPush)
	}
	for _, p := range t.Proofs {
		if p.Extra && t.mentions(p.Name) > 0 {
			shapes = vary(shapes, p.Name)
		}
	}
	if most := t.mentions(SourceContact); most > 0 {
		shapes = vary(shapes, SourceContact+"*"+strconv.Itoa(most))
	}
	return shapes
}

// possible reports whether an account can have the second factors of the shape.
func (t Table) possible(s Shape) bool {
	known := func(source string) bool {
		return slices.ContainsFunc(t.Proofs, func(p Proof) bool { return p.Source == source })
	}
	return known(SourcePasskey) || !s.Has(SourcePasskey)
}

// allows tells whether the policy lets accounts of the shape be. Judged are the
// others too: a policy may have become stricter since they were made.
func (t Table) allows(s Shape) bool {
	return len(t.FactorFor) > 0 || slices.ContainsFunc(t.Proofs, func(p Proof) bool { return p.Factor && s.Has(p.Source) })
}

// vary adds each shape with one thing more.
func vary(shapes []Shape, name string) []Shape {
	return append(shapes, withAll(shapes, name)...)
}

// withAll are the shapes with more.
func withAll(shapes []Shape, names ...string) []Shape {
	var out []Shape
	for _, s := range shapes {
		out = append(out, s.With(names...))
	}
	return out
}

// mentions is the largest count with which a way or question asks for a proof.
func (t Table) mentions(proof string) int {
	most := 0
	look := func(s string) {
		if name, n := word(s); name == proof {
			most = max(most, n)
		}
	}
	for _, ways := range t.Ways {
		for _, w := range ways {
			for _, p := range w.Proofs {
				look(p)
			}
		}
	}
	for _, p := range t.Ask {
		look(p)
	}
	return most
}

// Standard lists the accounts that explain shows: without a second factor
// where there may be such, as
// set-up and the first sign-in leave them, with a phone, and with a passkey
// that syncs instead. Each has been used on one browser: whoever asks from another one can
// begin a wait, because that browser shows it.
func Standard() []Shape {
	help := Having(SourceAdmin, SourceInPerson, SourceRescue, SourceMail, SourceCodes)
	return []Shape{
		help.With(SourceDevice),
		help.With(SourceTOTP, SourceDevice),
		help.With(SourceTOTP, SourceSMS, SourceDevice, SourceContact+"*2"),
		help.With(SourcePasskey, TraitVerified, TraitSynced, SourceSMS, SourceDevice),
	}
}
