// Package templates turns values into what people read: pages, mails, text
// messages. It holds no decision and no secret of its own; what is shown is
// decided by its callers, and every sentence is in the locale files.
//
// A folder of the operator overlays the embedded files:
//
//	pages/NAME.html, mails/NAME.*   replace the file of that name
//	locales/LANG.json               changes the sentences it names; a language
//	                                that is not embedded has to be complete, in
//	                                all the forms it counts with
//	static/theme.css                changes the colours it names
//	static/logo.svg                 is shown instead of the key
//	static/…                        is added or replaced
//
// A page's template sees the fields and methods of its value, one of the types
// named …Page, and of the Frame. Everything is parsed and checked by New, and all
// faults are reported at once.
// Values are escaped where they are written, by html/template for pages and for
// the HTML part of mails; the package does not promise that a template of the
// operator is accessible or wise.
package templates
