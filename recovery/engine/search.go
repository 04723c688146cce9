package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/caddy-sparekey/sparekey/recovery"
)

// Search is which people are listed.
type Search struct {
	Show string // one of [Filters]; empty: all
	// Text is a part of a name, or a whole mail address or number; empty: everybody.
	Text string
	// After and Before are names at which the list before ended or began; empty: it
	// begins with the first.
	After, Before string
	Most          int // how many are listed at a time
}

// Listing is one page of people, by name.
type Listing struct {
	People         []Person
	All            int  // accounts there are
	Found          int  // of them those that fit, on whichever page
	Earlier, Later bool // there are more before, and after
}

// List lists people. It reads the roster in eight round trips, whatever it looks
// for, and keeps no more in memory than it returns.
func (e *Engine) List(ctx context.Context, s Search) (Listing, error) {
	if s.Show != "" && !slices.Contains(Filters(), s.Show) {
		return Listing{}, ErrNoFilter
	}
	text := strings.ToLower(strings.Join(strings.Fields(s.Text), " "))
	known, err := e.searched(ctx, text)
	if err != nil {
		return Listing{}, err
	}
	x := page{Search: s}
	err = e.EachPerson(ctx, func(p Person) error {
		x.All++
		if p.shown(s.Show) && (text == "" || p.ID == known || p.called(text)) {
			x.Found++
			x.take(p)
		}
		return nil
	})
	return x.listing(), err
}

// searched is the account that a text finds by itself, as a mail address or number.
func (e *Engine) searched(ctx context.Context, text string) (string, error) {
	id, err := recovery.Identify(text)
	if text == "" || err != nil || id.Kind == "name" {
		return "", nil
	}
	a, err := e.find(ctx, id)
	if a == nil {
		return "", err
	}
	return a.ID, nil
}

// page collects the people of one page.
type page struct {
	Search
	Listing
}

func (x *page) take(p Person) {
	switch key := p.key(); {
	case x.After != "" && key < after(x.After):
		x.Earlier = true
		return
	case x.Before != "" && key >= strings.ToLower(x.Before):
		x.Later = true
		return
	}
	x.People = append(x.People, p)
	if len(x.People) >= 4*x.Most {
		x.cut()
	}
}

// after is what every key is below that belongs to a name, and no other.
func after(name string) string { return strings.ToLower(name) + "\n\x7f" }

// cut keeps as many as are shown: the last ones in front of somebody, else the first.
func (x *page) cut() {
	slices.SortFunc(x.People, byName)
	over := len(x.People) - x.Most
	switch {
	case over <= 0:
	case x.Before != "":
		x.People, x.Earlier = slices.Delete(x.People, 0, over), true
	default:
		x.People, x.Later = x.People[:x.Most], true
	}
}

func (x *page) listing() Listing {
	x.cut()
	return x.Listing
}
