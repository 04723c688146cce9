// Package web puts the engine behind HTTP: pages, forms, cookies, origin
// checks, return targets. It knows nothing of Caddy, so that httptest is
// enough to try it.
//
// The order for every request below our prefix: limits, method, origin, form,
// engine, page. A successful POST answers 303 to the flow's address, whose GET
// writes nothing; an error answers 422 with the page.
package web
