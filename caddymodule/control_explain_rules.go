package caddymodule

import (
	"fmt"
	"strings"
	"time"

	"github.com/caddy-sparekey/sparekey/recovery/guard"
)

// said is what the rules of a gate say that are written there, and who may pass.
func said(rules *guard.Rules, x guard.Explained) []ruleSays {
	out := []ruleSays{}
	for _, r := range x.Rules {
		if why := ruleWhys()[r.Word](rules, x); why != "" {
			out = append(out, ruleSays{r.Word, answerOf(r.Reason), why})
		}
	}
	return out
}

// ruleWhys say why a rule answers as it does, by its word; empty: it is not
// written there, and asks for nothing.
func ruleWhys() map[string]func(*guard.Rules, guard.Explained) string {
	return map[string]func(*guard.Rules, guard.Explained) string{
		"allow": whyAllow, "recovered_within": whyRecovered, "factors": whyFactors, "fresh": whyFresh,
	}
}

func whyAllow(rules *guard.Rules, x guard.Explained) string {
	if x.Locked {
		return "everybody must have a second factor, and the account has none"
	}
	if len(rules.Allow) == 0 {
		return "everybody with an account"
	}
	text := fmt.Sprintf("asks for one of %s; is %s", strings.Join(rules.Allow, " "), strings.Join(x.InRules, " "))
	if len(x.Barred) > 0 {
		text += "; without a second factor not " + strings.Join(x.Barred, " ")
	}
	return text
}

func whyRecovered(rules *guard.Rules, x guard.Explained) string {
	switch {
	case rules.Recovered <= 0:
		return ""
	case !x.Until.IsZero():
		return "recovered lately, passes from " + moment(x.Until)
	}
	return "not recovered within " + short(rules.Recovered)
}

func whyFactors(rules *guard.Rules, x guard.Explained) string {
	switch {
	case x.AtHome:
		return "one is enough at that address"
	case x.Second && rules.Factors < 2:
		return ""
	case x.Second:
		return "two are shown"
	case !x.Able && rules.Factors < 2:
		return ""
	case !x.Able:
		return "the account has no second factor"
	}
	return "the second factor was not shown"
}

func whyFresh(rules *guard.Rules, x guard.Explained) string {
	switch {
	case rules.Fresh <= 0:
		return ""
	case x.Reason == guard.DeniedStale:
		return "the last proof is older than " + short(rules.Fresh)
	}
	return "asks again " + short(rules.Fresh) + " after a proof"
}

// short is a duration without what is zero in it: 10m.
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
