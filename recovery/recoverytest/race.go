//go:build race

package recoverytest

const raceDetector = true
