package secret

import "log/slog"

// Text is a string that must not be shown: however it is printed, logged or
// marshalled, it gives ***. Convert to string where the value is used.
type Text string

const masked = "***"

// String implements fmt.Stringer.
func (Text) String() string { return masked }

// GoString implements fmt.GoStringer.
func (Text) GoString() string { return masked }

// MarshalJSON implements json.Marshaler.
func (Text) MarshalJSON() ([]byte, error) { return []byte(`"` + masked + `"`), nil }

// LogValue implements slog.LogValuer.
func (Text) LogValue() slog.Value { return slog.StringValue(masked) }
