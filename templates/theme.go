package templates

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// pair is two colours of the theme that are seen together, and the contrast
// they need: 4.5 for text (WCAG 2.2, 1.4.3), 3 for borders and focus (1.4.11).
type pair struct {
	front, back string
	least       float64
}

func pairs() []pair {
	const text, shape = 4.5, 3
	return []pair{
		{"text", "card", text},
		{"text", "page", text},
		{"text", "tint", text},
		{"muted", "card", text},
		{"muted", "page", text},
		{"muted", "tint", text},
		{"accent", "card", text},
		{"accent", "page", text},
		{"accent", "tint", text},
		{"on-accent", "accent", text},
		{"on-accent", "accent-strong", text},
		{"good", "good-tint", text},
		{"warn", "warn-tint", text},
		{"bad", "bad-tint", text},
		{"bad", "card", text},
		{"bad", "tint", text},
		{"card", "bad", text},
		{"card", "text", text},
		{"edge", "card", shape},
		{"focus", "card", shape},
		{"focus", "page", shape},
		{"bad", "card", shape},
	}
}

// checkTheme refuses colours that people could not tell apart, in the light and
// in the dark half. Later themes change the colours of earlier ones.
func checkTheme(themes [][]byte) error {
	light, dark := map[string]rgb{}, map[string]rgb{}
	var faults []error
	for _, theme := range themes {
		// The dark half is everything after the media query, as in our own file.
		day, night, _ := strings.Cut(string(theme), "@media")
		faults = append(faults, readColours(day, light), readColours(night, dark))
	}
	for _, p := range pairs() {
		faults = append(faults, p.check("light", light), p.check("dark", dark))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("templates: static/theme.css: %w", err)
	}
	return nil
}

func (p pair) check(half string, colours map[string]rgb) error {
	front, okFront := colours[p.front]
	back, okBack := colours[p.back]
	if !okFront || !okBack {
		return fmt.Errorf("%s: no colour --%s or --%s", half, p.front, p.back)
	}
	if got := contrast(front, back); got < p.least {
		return fmt.Errorf("%s: --%s on --%s has a contrast of %.1f, below %.1f", half, p.front, p.back, got, p.least)
	}
	return nil
}

// rgb is a colour, each part from 0 to 255.
type rgb [3]uint8

// readColours reads custom properties such as "--card: #ffffff;".
func readColours(css string, into map[string]rgb) error {
	property := regexp.MustCompile(`--([a-z-]+)\s*:\s*([^;}]*)`)
	var faults []error
	for _, match := range property.FindAllStringSubmatch(css, -1) {
		value := strings.TrimSpace(match[2])
		n, err := strconv.ParseUint(strings.TrimPrefix(value, "#"), 16, 24)
		if err != nil || len(value) != len("#rrggbb") {
			faults = append(faults, fmt.Errorf("--%s: got %q, want a colour written #rrggbb", match[1], value))
			continue
		}
		into[match[1]] = rgb{uint8(n >> 16), uint8(n >> 8), uint8(n)} //nolint:gosec // each part is eight bits
	}
	return errors.Join(faults...)
}

// contrast is the ratio of WCAG 2.2, from 1 to 21
// (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio).
func contrast(a, b rgb) float64 {
	la, lb := a.luminance(), b.luminance()
	return (max(la, lb) + 0.05) / (min(la, lb) + 0.05)
}

// luminance is the relative luminance of WCAG 2.2, from 0 to 1.
func (c rgb) luminance() float64 {
	weights := [3]float64{0.2126, 0.7152, 0.0722}
	var sum float64
	for i, part := range c {
		v := float64(part) / 255
		if v <= 0.04045 {
			v /= 12.92
		} else {
			v = math.Pow((v+0.055)/1.055, 2.4)
		}
		sum += weights[i] * v
	}
	return sum
}
