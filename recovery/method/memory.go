package method

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/caddy-sparekey/sparekey/recovery"
	"github.com/caddy-sparekey/sparekey/recovery/secret"
)

// PIN is a memorized number. It is memory like the password, so beside the
// password it adds nothing in the lint. It is off by default, asked only in
// addition ("ask pin for change_password"), with three tries a day.
type PIN struct {
	Hasher *secret.Hasher
}

// Question is a security question with a fixed text and an answer chosen by the
// person. Answers can be guessed and looked up: ASVS 6.4.2 wants no such
// questions, NIST SP 800-63B-4 section 3.1.1.2 forbids relying on them. They
// are off by default, asked only in addition, with three tries a day and never
// another question.
type Question struct {
	Hasher *secret.Hasher
}

type memoryData struct {
	Hash     string `json:"hash"`
	Question string `json:"question,omitempty"`
}

// Questions lists the keys of the questions there are, in the order they are
// offered: the one list. None supposes a particular family or something that
// others could look up in a register. The words are in the locale files.
func Questions() []string {
	return []string{"first_pet", "first_school", "first_street", "childhood_friend", "first_job"}
}

// QuestionOf is the key of an account's question; empty when it has none.
func QuestionOf(a *recovery.Account) string {
	var d memoryData
	if c := a.Credential(recovery.SecurityQuestion); c != nil && json.Unmarshal(c.Data, &d) == nil {
		return d.Question
	}
	return ""
}

// Traits implements recovery.Method.
func (PIN) Traits() recovery.Traits {
	return recovery.Traits{
		Name: recovery.PIN, Source: "memory", Class: recovery.ClassMemory,
		Throttle: recovery.ThrottleDaily, Page: recovery.PageFactor, Field: recovery.FieldPIN,
	}
}

// Traits implements recovery.Method.
func (Question) Traits() recovery.Traits {
	return recovery.Traits{
		Name: recovery.SecurityQuestion, Source: "memory", Class: recovery.ClassMemory,
		Throttle: recovery.ThrottleDaily, Page: recovery.PageFactor, Field: recovery.FieldAnswer,
	}
}

// Ready implements recovery.Method.
func (PIN) Ready(a *recovery.Account, _ time.Time) bool { return a.Credential(recovery.PIN) != nil }

// Ready implements recovery.Method.
func (Question) Ready(a *recovery.Account, _ time.Time) bool {
	return a.Credential(recovery.SecurityQuestion) != nil
}

// Queue implements recovery.Queued.
func (m PIN) Queue(ctx context.Context) (context.Context, func(), error) { return m.Hasher.Queue(ctx) }

// Queue implements recovery.Queued.
func (m Question) Queue(ctx context.Context) (context.Context, func(), error) {
	return m.Hasher.Queue(ctx)
}

// Verify implements recovery.Method.
func (m PIN) Verify(ctx context.Context, t recovery.Try) (recovery.Verdict, error) {
	return remember(ctx, m.Hasher, t.Account.Credential(recovery.PIN), plainPIN(string(t.Input.PIN)), recovery.ProblemWrongPIN)
}

// Verify implements recovery.Method.
func (m Question) Verify(ctx context.Context, t recovery.Try) (recovery.Verdict, error) {
	return remember(ctx, m.Hasher, t.Account.Credential(recovery.SecurityQuestion), plainAnswer(string(t.Input.Answer)), recovery.ProblemWrongAnswer)
}

func remember(ctx context.Context, h *secret.Hasher, c *recovery.Credential, typed, wrong string) (recovery.Verdict, error) {
	var d memoryData
	if c == nil || json.Unmarshal(c.Data, &d) != nil || typed == "" {
		return recovery.Verdict{}, h.Burn(ctx, typed)
	}
	ok, _, err := h.Verify(ctx, d.Hash, typed)
	if err != nil || !ok {
		return recovery.Verdict{Problem: &recovery.Problem{Key: wrong}}, err
	}
	return recovery.Verdict{OK: true, Credential: c.ID, Version: c.Version}, nil
}

// EnrollPage implements recovery.Enroller.
func (PIN) EnrollPage() string { return recovery.PageNewPassword }

// EnrollPage implements recovery.Enroller.
func (Question) EnrollPage() string { return recovery.PageNewPassword }

// Offer implements recovery.Enroller: there is nothing to show.
func (PIN) Offer(recovery.Try) (json.RawMessage, error) { return nil, nil }

// Offer implements recovery.Enroller: there is nothing to show.
func (Question) Offer(recovery.Try) (json.RawMessage, error) { return nil, nil }

// Confirm implements recovery.Enroller: 6 to 12 digits, neither a sequence nor
// a repetition.
func (m PIN) Confirm(ctx context.Context, t recovery.Try, _ json.RawMessage) (json.RawMessage, *recovery.Problem, error) {
	pin := plainPIN(string(t.Input.PIN))
	if len(pin) < 6 || len(pin) > 12 || row(pin) {
		return nil, &recovery.Problem{Key: recovery.ProblemPINBad}, nil
	}
	hash, err := m.Hasher.Hash(ctx, pin)
	return pack(memoryData{Hash: hash}), nil, err
}

// Confirm implements recovery.Enroller: one of our questions and an answer of
// three characters or more.
func (m Question) Confirm(ctx context.Context, t recovery.Try, _ json.RawMessage) (json.RawMessage, *recovery.Problem, error) {
	answer := plainAnswer(string(t.Input.Answer))
	if utf8.RuneCountInString(answer) < 3 || !slices.Contains(Questions(), t.Input.Choice) {
		return nil, &recovery.Problem{Key: recovery.ProblemAnswerBad}, nil
	}
	hash, err := m.Hasher.Hash(ctx, answer)
	return pack(memoryData{Hash: hash, Question: t.Input.Choice}), nil, err
}

// row tells 123456, 654321, 111111 and the like.
func row(pin string) bool {
	step := int(pin[1]) - int(pin[0])
	for i := 1; i < len(pin); i++ {
		if int(pin[i])-int(pin[i-1]) != step {
			return false
		}
	}
	return step >= -1 && step <= 1
}

func plainPIN(typed string) string {
	s := secret.Typed(typed)
	if len(s) > 64 || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}

// plainAnswer normalizes an answer, so that spelling does not matter: NFKC,
// case folded, one blank between words, no punctuation (MF-18).
func plainAnswer(typed string) string {
	if len(typed) > 256 || !utf8.ValidString(typed) {
		return ""
	}
	s := cases.Fold().String(norm.NFKC.String(typed))
	s = strings.Map(func(r rune) rune {
		if strings.ContainsRune(".,;!?'\"-", r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
