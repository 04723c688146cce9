package web

import "net/url"

func (x *exchange) address(path string, query url.Values) string {
	for k := range query {
		if query.Get(k) == "" {
			query.Del(k)
		}
	}
	if x.keep != "" {
		query.Set("lang", x.keep)
	}
	if len(query) == 0 {
		return Prefix + path
	}
	return Prefix + path + "?" + query.Encode()
}

func (x *exchange) flowURL(id, notice string) string {
	return x.address("", url.Values{"f": {id}, "done": {notice}})
}

func (x *exchange) loginURL(done, back string) string {
	if back == "/" {
		back = ""
	}
	return x.address("login", url.Values{"done": {done}, "return": {back}})
}

func (x *exchange) accountURL(done string) string { return x.ownURL("account", done) }

// ownURL is a page of one's own account.
func (x *exchange) ownURL(path, done string) string {
	return x.address(path, url.Values{"done": {done}})
}
