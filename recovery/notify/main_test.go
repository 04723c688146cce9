package notify_test

import (
	"testing"

	"go.uber.org/goleak"
)

// No goroutine of a queue, a sender or a test server may survive the tests.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
