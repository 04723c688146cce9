package method

import (
	"encoding/json"
	"strconv"
)

// pack marshals plain data of a credential, which cannot fail.
func pack(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func itoa(n int) string { return strconv.Itoa(n) }
