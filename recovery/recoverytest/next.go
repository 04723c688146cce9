package recoverytest

import "github.com/caddy-sparekey/sparekey/recovery"

// Next is the step that facts lead to, by the recipe of their flow's kind.
func Next(f recovery.Facts) recovery.Step { return recovery.Next(Planned(f)) }

// Planned are the facts with the recipe of their flow's kind.
func Planned(f recovery.Facts) recovery.Facts {
	f.Recipe = recovery.RecipeOf(recovery.Recipes(), f.Flow.Kind)
	return f
}
