package web_test

import "strings"

// shape is a request as some program sends it. What it gets is in the words of
// answered, for who is not signed in, on an address that takes access keys
// likewise, for who may not pass, and when nothing can be decided.
type shape struct {
	name      string
	method    string // empty: GET
	header    string // "Name: value", with | between two
	anonymous string
	keyed     string // as anonymous, on a path that takes access keys
	forbidden string
	away      string
}

// Answers to what no window shows.
const (
	json401 = "401 JSON"
	asks401 = "401 JSON, asks for a key"
	json403 = "403 JSON"
	json503 = "503 JSON"
)

// overheard is a shape that a page of a browser asks for by itself. A challenge
// would open the browser's own window for a password, so there is none.
func overheard(name, method, header string) shape {
	return shape{name, method, header, json401, json401, json403, json503}
}

// byProgram is a shape that no browser sends, or one that does not say so.
func byProgram(name, method, header string) shape {
	return shape{name, method, header, json401, asks401, json403, json503}
}

// looked is a shape that a window shows.
func looked(name, header string) shape {
	return shape{name, "", header, "401 page sign-in", "401 page sign-in", "403 page forbidden", "503 page unavailable"}
}

// fetched are the Sec-Fetch headers of a browser, and what else it sends.
func fetched(site, mode, dest, more string) string {
	return "Sec-Fetch-Site: " + site + "|Sec-Fetch-Mode: " + mode + "|Sec-Fetch-Dest: " + dest + "|" + more
}

const acceptsPages = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

func shapes() []shape {
	return append(windowShapes(), append(pageShapes(), programShapes()...)...)
}

// windowShapes are those whose answer somebody looks at.
func windowShapes() []shape {
	posted := looked("form", fetched("same-origin", "navigate", "document", acceptsPages+"|Content-Type: application/x-www-form-urlencoded"))
	posted.method, posted.anonymous, posted.keyed, posted.away = "POST", "401 page not-saved", "401 page not-saved", "503 page not-saved"
	framed := overheard("page in a frame", "", fetched("same-origin", "navigate", "iframe", acceptsPages))
	framed.anonymous, framed.keyed = "401 page frame", "401 page frame"
	return []shape{
		looked("page load", fetched("none", "navigate", "document", acceptsPages+"|Sec-Fetch-User: ?1|Upgrade-Insecure-Requests: 1")),
		looked("page load from another site", fetched("cross-site", "navigate", "document", acceptsPages+"|Referer: https://news.example.org/")),
		looked("page load of an older browser, or by plain http", acceptsPages+"|User-Agent: Mozilla/5.0"),
		looked("page load in the web view of a phone app", acceptsPages+"|X-Requested-With: com.example.photos"),
		looked("page load through a service worker", fetched("same-origin", "navigate", "empty", acceptsPages)),
		looked("prefetch and prerender", fetched("none", "navigate", "document", acceptsPages+"|Sec-Purpose: prefetch;prerender")),
		posted,
		framed,
	}
}

// pageShapes are those that pages send without showing the answer.
func pageShapes() []shape {
	return []shape{
		overheard("fetch", "", fetched("same-origin", "cors", "empty", "Accept: */*")),
		overheard("fetch that asks for a page (htmx, Turbo)", "", fetched("same-origin", "cors", "empty", acceptsPages)),
		overheard("fetch with PUT (upload)", "PUT", fetched("same-origin", "cors", "empty", "Content-Type: image/jpeg")),
		overheard("XMLHttpRequest of an older browser, or by plain http", "", acceptsPages+"|X-Requested-With: XMLHttpRequest"),
		overheard("image", "", fetched("same-origin", "no-cors", "image", "Accept: image/avif,image/webp,*/*;q=0.8")),
		overheard("script", "", fetched("same-origin", "no-cors", "script", "Accept: */*")),
		overheard("style sheet", "", fetched("same-origin", "no-cors", "style", "Accept: text/css,*/*;q=0.1")),
		overheard("film, by ranges", "", fetched("same-origin", "no-cors", "video", "Accept: */*|Range: bytes=0-")),
		overheard("EventSource", "", fetched("same-origin", "cors", "empty", "Accept: text/event-stream|Cache-Control: no-cache")),
		overheard("WebSocket", "", fetched("same-origin", "websocket", "empty",
			"Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")),
		overheard("manifest", "", fetched("same-origin", "cors", "manifest", "Accept: */*")),
		overheard("script of a service worker", "", fetched("same-origin", "same-origin", "serviceworker", "Service-Worker: script")),
		overheard("beacon", "POST", fetched("same-origin", "no-cors", "empty", "Content-Type: text/plain;charset=UTF-8")),
		overheard("preflight of a page elsewhere", "OPTIONS", fetched("cross-site", "cors", "empty",
			"Origin: https://other.example.org|Access-Control-Request-Method: PUT|Access-Control-Request-Headers: authorization")),
	}
}

// programShapes are those of programs.
func programShapes() []shape {
	head := byProgram("HEAD (link checker)", "HEAD", "Accept: */*")
	head.anonymous, head.keyed, head.forbidden, head.away = "401 empty", "401 empty, asks for a key", "403 empty", "503 empty"
	return []shape{
		byProgram("curl, wget", "", "User-Agent: curl/8.14.1|Accept: */*"),
		head,
		byProgram("download that goes on (Range)", "", "Accept: */*|Range: bytes=1048576-|If-Range: \"a1\""),
		byProgram("phone app", "", "User-Agent: okhttp/5.1.0|Accept: application/json"),
		byProgram("phone app that posts", "POST", "User-Agent: Photos/3.2 CFNetwork/3826.500 Darwin/24.6.0|Content-Type: application/json"),
		byProgram("preflight without a browser's word", "OPTIONS", "Origin: https://other.example.org|Access-Control-Request-Method: GET"),
		byProgram("WebDAV", "PROPFIND", "User-Agent: davfs2/1.7.1 neon/0.34.0|Depth: 1|Content-Type: application/xml"),
		byProgram("CalDAV, CardDAV", "REPORT", "User-Agent: DAVx5/4.5|Depth: 1|Content-Type: application/xml; charset=utf-8"),
		byProgram("git, clone and fetch", "", "User-Agent: git/2.50.1|Accept: */*|Git-Protocol: version=2|Accept-Encoding: deflate, gzip"),
		byProgram("git, push", "POST", "User-Agent: git/2.50.1|Content-Type: application/x-git-receive-pack-request|Accept: application/x-git-receive-pack-result"),
		byProgram("feed reader, podcast app", "", "Accept: application/rss+xml, application/atom+xml, */*;q=0.1"),
		byProgram("WebSocket of a program", "", "Connection: Upgrade|Upgrade: websocket|Sec-WebSocket-Version: 13|Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
	}
}

// lines are the headers of a shape.
func (s shape) lines() [][2]string {
	var out [][2]string
	for line := range strings.SplitSeq(s.header, "|") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			out = append(out, [2]string{name, value})
		}
	}
	return out
}
