//go:build !race

package recovery_test

// underRace says that times and memory are those of the race detector.
const underRace = false
