package recoverytest

import (
	"encoding/json"
	"sync"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// mostParsed is how many accounts are remembered as they were parsed.
const mostParsed = 256

// Parsed remembers what the JSON of an account says, for [kv.Store.Parse]. A search
// goes on from each moment several times, and reads the same accounts each time:
// that would be a third of it.
type Parsed struct {
	mu       sync.Mutex
	accounts map[string]*recovery.Account
}

// NewParsed returns one that remembers nothing yet.
func NewParsed() *Parsed { return &Parsed{accounts: map[string]*recovery.Account{}} }

// Parse is [json.Unmarshal].
func (p *Parsed) Parse(data []byte, v any) error {
	a, ok := v.(*recovery.Account)
	if !ok {
		return json.Unmarshal(data, v)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.accounts[string(data)]
	if known == nil {
		known = &recovery.Account{}
		if err := json.Unmarshal(data, known); err != nil {
			return err
		}
		if len(p.accounts) >= mostParsed {
			clear(p.accounts)
		}
		p.accounts[string(data)] = known
	}
	*a = *known.Clone()
	return nil
}
