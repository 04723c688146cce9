//go:build !race

package web_test

// underRace says that the race detector slows everything down several times:
// long tables are then sampled, and walked whole in the run without it.
const underRace = false
