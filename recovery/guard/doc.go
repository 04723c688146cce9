// Package guard decides, for each request to an app, who is signed in. It
// answers from a cache of accounts, which the store's own reports of changed
// records keep current; without such reports it reads the store each time. What
// it let through ends with the session (see [Guard.Follow]). It never imports
// the engine: it needs an account by its id, and a place to note that a session
// was used.
package guard
