package templates

import (
	"strconv"
	"strings"
	"time"
)

// duration puts a time span into words, rounded up: nobody should come back
// too early. A span nobody knows is "a moment".
func (l *locale) duration(d time.Duration) (string, error) {
	if d <= 0 {
		return l.vague("wait")
	}
	d = (d + time.Second - 1).Truncate(time.Second)
	key, unit := "duration.seconds", time.Second
	switch {
	case d >= 4*24*time.Hour:
		key, unit = "duration.days", 24*time.Hour
	case d >= 2*time.Hour, d == time.Hour:
		key, unit = "duration.hours", time.Hour
	case d >= 2*time.Minute, d == time.Minute:
		key, unit = "duration.minutes", time.Minute
	}
	return l.plural(key, int((d+unit-1)/unit))
}

// words turns the value of a placeholder into what is read: the placeholders
// that count time get their unit. Anything else is shown as it is.
func (l *locale) words(name, value string) (string, error) {
	unit := map[string]time.Duration{"minutes": time.Minute, "hours": time.Hour}[name]
	if n, err := strconv.Atoi(value); err == nil && unit != 0 && n >= 0 {
		return l.plural("duration."+name, n)
	}
	if d, err := time.ParseDuration(value); err == nil && name == "wait" {
		return l.duration(d)
	}
	if at, err := time.Parse(time.RFC3339, value); err == nil && name == "time" {
		return l.moment(at)
	}
	return value, nil
}

// vague stands for a value nobody gave: telling most of a sentence beats hiding it.
func (l *locale) vague(name string) (string, error) {
	switch name {
	case "minutes":
		return l.text("duration.few")
	case "wait":
		return l.text("duration.moment")
	default:
		return "…", nil
	}
}

// unknownBrowser is stored for a browser that is not on the list of those with
// a name.
const unknownBrowser = "unknown browser"

// browser puts "Firefox on Linux", as browsers are stored, into words. A name
// of another form is shown as it is.
func (l *locale) browser(stored string) (string, error) {
	if stored == unknownBrowser {
		return l.text("browser.unknown")
	}
	name, system, ok := strings.Cut(stored, " on ")
	if !ok {
		return stored, nil
	}
	text, err := l.text("browser.on")
	if err != nil {
		return "", err
	}
	return fill(text, func(what string) (string, error) {
		if what == "browser" {
			return name, nil
		}
		return system, nil
	})
}

// moment puts a time into words, in the zone the time carries.
func (l *locale) moment(t time.Time) (string, error) { return l.date("date.moment", t) }

// day is moment without the time of day.
func (l *locale) day(t time.Time) (string, error) { return l.date("date.day", t) }

func (l *locale) date(key string, t time.Time) (string, error) {
	text, err := l.text(key)
	if err != nil {
		return "", err
	}
	month, err := l.text("date.month." + strconv.Itoa(int(t.Month())))
	if err != nil {
		return "", err
	}
	return fill(text, func(name string) (string, error) {
		switch name {
		case "day":
			return strconv.Itoa(t.Day()), nil
		case "month":
			return month, nil
		case "year":
			return strconv.Itoa(t.Year()), nil
		default:
			return t.Format("15:04 MST"), nil
		}
	})
}
