package templates

import "errors"

// Errors of Page, Mail and SMS.
var (
	// ErrUnknownPage means that the content is none of the values in contents.
	ErrUnknownPage = errors.New("templates: no such page")
	// ErrUnknownMessage means that no mail or text message has the name.
	ErrUnknownMessage = errors.New("templates: no such message")
	// ErrUnknownText means that the locale files do not have the key.
	ErrUnknownText = errors.New("templates: no such text")
)
