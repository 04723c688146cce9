package engine

import (
	"context"
	"slices"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/kv"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// ticketKeys names a ticket.
func (e *Engine) ticketKeys(code string) []string { return e.codeKeys("ticket", code) }

// codeKeys names the record behind a code, for each root key. Codes that people
// type are normalized; of a long token only the blanks are left out that it was
// pasted with.
func (e *Engine) codeKeys(kind, code string) []string {
	code = secret.Pasted(code)
	if len(code) < 40 {
		code = secret.Plain(code)
	}
	if code == "" {
		return nil
	}
	var keys []string
	for _, mac := range e.Keys.MACs(kind, code) {
		keys = append(keys, kind+"/"+secret.Sum(string(mac)))
	}
	return keys
}

func (e *Engine) writeTicket(ctx context.Context, code string, t recovery.Ticket) error {
	ok, err := kv.Create(ctx, e.Store, e.ticketKeys(code)[0], t, t.Expires)
	if err == nil && !ok {
		err = recovery.ErrMoved
	}
	return err
}

func (e *Engine) issueTicket(ctx context.Context, a *recovery.Account, purpose string) (string, error) {
	token := secret.Token(32)
	return token, e.writeTicket(ctx, token, e.ticketOf(a, purpose))
}

// ticketOf is a ticket of an account.
func (e *Engine) ticketOf(a *recovery.Account, purpose string) recovery.Ticket {
	return recovery.Ticket{Purpose: purpose, Account: a.ID, Generation: a.Generation, Acts: a.Acts, Made: e.Now(), Expires: e.Now().Add(e.Policy.Lifetimes.OfTicket(purpose))}
}

// late tells whether a ticket that begins a flow is older than it may be today.
func (e *Engine) late(t *recovery.Ticket) bool {
	return !e.Now().Before(t.Made.Add(e.Policy.Lifetimes.OfTicket(t.Purpose)))
}

// ticket finds a ticket, and changes nothing. A ticket bound to another browser
// counts as missing.
func (r *run) ticket(ctx context.Context, code string) (*recovery.Ticket, string, error) {
	for _, key := range r.ticketKeys(code) {
		t, ok, err := kv.Load[recovery.Ticket](ctx, r.Store, key)
		if err != nil {
			return nil, "", err
		}
		if !ok || r.Policy.Lifetimes.OfTicket(t.Purpose) == 0 || r.late(&t) {
			continue
		}
		if !r.mayHold(&t) {
			return nil, "", nil
		}
		return &t, key, nil
	}
	return nil, "", nil
}

// mayHold tells whether a ticket is nobody's yet, or this browser's.
func (r *run) mayHold(t *recovery.Ticket) bool { return t.Binding == "" || r.holds(t.Binding) }

// beganWith tells whether a secret is that of a ticket which the flow spends.
func (r *run) beganWith(code string) bool {
	keys := r.ticketKeys(code)
	return slices.ContainsFunc(r.flow.Reserved, func(s recovery.Spent) bool { return slices.Contains(keys, s.ID) })
}

// holds tells whether this browser is the one of a binding.
func (r *run) holds(binding string) bool {
	return slices.ContainsFunc(append([]string{r.token}, r.client.Flows...), func(t string) bool {
		return secret.Sum(t) == binding
	})
}
