package recovery

import (
	"encoding/json"
	"fmt"

	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// Fingerprint names what a policy decides, by part, so that two processes can
// tell whether they decide alike, and in what not. The parts are named as in a
// Caddyfile. Where a way was written is no part, nor is what people read.
func (p *Policy) Fingerprint(m *Methods) (map[string]string, error) {
	channels := map[string]bool{ChannelMail: m.Has(ChannelMail), ChannelSMS: m.Has(ChannelSMS)}
	out := map[string]string{}
	for name, part := range map[string]any{
		"recover": bareWays(p.Ways), "lifetime": p.Lifetimes, "limit": p.Limits, "lock": p.Lock, "ask": p.Ask, "enrol": p.Enrol, "require second_factor": p.FactorFor, "require known_device": p.KnownDevice, "passkeys": p.Passkeys, "temporary_password": p.TemporaryPassword, "hash": p.Hash, "notify": channels,
	} {
		body, err := json.Marshal(part)
		if err != nil {
			return nil, fmt.Errorf("fingerprint of %s: %w", name, err)
		}
		out[name] = secret.Sum(string(body))
	}
	return out, nil
}

// bareWays are the ways without their lines. A goal without ways is off.
func bareWays(all map[Goal][]Way) map[Goal][]Way {
	out := map[Goal][]Way{}
	for goal, ways := range all {
		for _, w := range ways {
			w.Line = ""
			out[goal] = append(out[goal], w)
		}
	}
	return out
}
