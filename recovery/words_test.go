package recovery_test

import (
	"slices"
	"testing"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/method"
)

// A method without its words is a page that cannot be shown, on the day
// somebody needs it.
func TestEveryMethodHasItsWords(t *testing.T) {
	all := method.All(method.Set{})
	for file, keys := range localeFiles(t) {
		for _, name := range all.Names() {
			words := wordsOf(all.Get(name).Traits())
			if _, can := all.Get(name).(recovery.Enroller); can && all.Get(name).Traits().Factor {
				words = append(words, "enroll.about."+name)
			}
			for _, key := range words {
				if !keys[key] {
					t.Errorf("%s has no text for %s", file, key)
				}
			}
		}
	}
}

// wordsOf are the keys that the pages need for a method.
func wordsOf(t recovery.Traits) []string {
	name := recovery.Bare(t.Name)
	var keys []string
	switch {
	case t.Page == recovery.PageFactor:
		keys = append(keys, "factor.title."+name, "factor.lead."+name, "method."+name)
	case t.Page == recovery.PageSent:
		keys = append(keys, "method."+name)
	}
	if t.Factor {
		keys = append(keys, "factor.name."+name, "factor.lost."+name)
	}
	if t.Class != "" && !slices.Contains([]string{recovery.Admin, recovery.AdminInPerson, recovery.Rescue}, name) {
		keys = append(keys, "proof."+name, "method."+name+".about")
	}
	return keys
}
