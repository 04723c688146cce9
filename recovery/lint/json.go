package lint

import (
	"encoding/json"
	"io"
)

// MarshalJSON writes the wait as people write it.
func (w Way) MarshalJSON() ([]byte, error) {
	type plain Way
	return json.Marshal(struct {
		plain
		Wait Delay `json:"wait,omitempty"`
	}{plain(w), Delay(w.Wait)})
}

// JSON writes the report and the ways it is about, indented. Durations are
// texts such as "24h".
func JSON(w io.Writer, r Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(struct {
		Ways map[Goal][]Way `json:"ways"`
		Report
	}{r.Table.Ways, r})
}
