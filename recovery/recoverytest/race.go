//go:build race

package recoverytest

// UnderRace says that the race detector slows everything down several times:
// long tables are then sampled, and walked whole in the run without it.
const UnderRace = true
