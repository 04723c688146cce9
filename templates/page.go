package templates

// Content is what one page shows inside the frame. The types named …Page are all
// there are. Each knows the page it is for, so that none can be shown on a page
// that was not made for it. The template of that page sees the fields and
// methods of its type and of the frame; New refuses one that asks for more.
//
// A new page is a file in pages, a type that embeds page, and its example in
// contents.
type Content interface {
	// Page is the name of the page: of its file, and the value of data-page.
	Page() string
	// on is the value with its frame.
	on(*page) any
}

// page is what every value of a page embeds: its frame, and the methods that
// templates call. It is nil until Set.Page shows the value.
type page struct {
	Frame
	content Content
	set     *Set
	texts   *locale
}

// Logo tells that the operator's own mark stands in for ours.
func (p page) Logo() bool { return p.set.logo }
