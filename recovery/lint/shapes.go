package lint

import (
	"slices"
	"strconv"
)

// Shapes lists every account the table can tell apart, without authority: for
// that is not compared. Things no way, row or channel mentions are left out.
func Shapes(t Table) []Shape {
	shapes := []Shape{
		{},
		Having(SourceTOTP),
		Having(SourcePasskey),
		Having(SourcePasskey, TraitVerified),
		Having(SourceTOTP, SourcePasskey),
		Having(SourceTOTP, SourcePasskey, TraitVerified),
	}
	for _, p := range t.Proofs {
		if p.Factor && p.Source != SourceTOTP && p.Source != SourcePasskey {
			shapes = vary(shapes, p.Source)
		}
	}
	for _, name := range []string{SourceCodes, SourceMail, SourceSMS, SourceDevice} {
		shapes = vary(shapes, name)
	}
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

// vary adds each shape with one thing more.
func vary(shapes []Shape, name string) []Shape {
	for _, s := range slices.Clone(shapes) {
		shapes = append(shapes, s.With(name))
	}
	return shapes
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

// Standard lists the accounts that explain shows: without a second factor, as
// set-up leaves them, with a phone, and with a passkey instead.
func Standard() []Shape {
	help := Having(SourceAdmin, SourceInPerson, SourceRescue, SourceMail, SourceCodes)
	return []Shape{
		help.With(SourceDevice),
		help.With(SourceTOTP),
		help.With(SourceTOTP, SourceSMS, SourceDevice, SourceContact+"*2"),
		help.With(SourcePasskey, TraitVerified, SourceSMS, SourceDevice),
	}
}
