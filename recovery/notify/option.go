package notify

import "fmt"

// OptionError is an error about one setting, by the word it has in a
// configuration, so that whoever reads one can name its line.
type OptionError struct {
	Option string
	Err    error
}

// Error implements error.
func (e *OptionError) Error() string { return e.Err.Error() }

// Unwrap gives the error itself.
func (e *OptionError) Unwrap() error { return e.Err }

// wrong is an [OptionError] about an option.
func wrong(option, format string, args ...any) error {
	return &OptionError{Option: option, Err: fmt.Errorf(format, args...)}
}
