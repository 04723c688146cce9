package caddymodule

import (
	"context"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
)

// TestATemplateKeepsItsOwnBraces: those of Caddy are replaced in address, body,
// method, headers and countries, and {to} and {text} are left for the message.
func TestATemplateKeepsItsOwnBraces(t *testing.T) {
	for name, value := range map[string]string{"HOST": "gateway.example.com", "KEY": "a{b}c", "COUNTRY": "33", "METHOD": "PUT"} {
		t.Setenv("SPAREKEY_TEST_"+name, value)
	}
	n := &SMSNotifier{
		URL: "https://{env.SPAREKEY_TEST_HOST}/{to}?text={text}", Method: "{env.SPAREKEY_TEST_METHOD}",
		Body:   `{"key":"{env.SPAREKEY_TEST_KEY}","to":"{to}","text":"{text}","deep":{"a":{}}}`,
		Header: map[string]string{"X-Key": "{env.SPAREKEY_TEST_KEY}"}, Countries: []string{"{env.SPAREKEY_TEST_COUNTRY}", "41"},
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	if err := n.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	if err := n.Validate(); err != nil {
		t.Error(err)
	}
	for _, got := range []struct{ is, want string }{
		{string(n.sms.URL), "https://gateway.example.com/{to}?text={text}"},
		{n.sms.Method, "PUT"},
		{n.sms.Body, `{"key":"a{b}c","to":"{to}","text":"{text}","deep":{"a":{}}}`},
		{string(n.sms.Header["X-Key"]), "a{b}c"},
		{strings.Join(n.sms.Countries, " "), "33 41"},
	} {
		if got.is != got.want {
			t.Errorf("got %q, want %q", got.is, got.want)
		}
	}
}

// TestRedisUserAndPasswordAreOptions of their own, with any characters, and make
// no other store of the same one.
func TestRedisUserAndPasswordAreOptions(t *testing.T) {
	t.Setenv("SPAREKEY_TEST_PASSWORD", "p@ss/w:rd%#{x}")
	s := &RedisStore{URL: "rediss://redis.example.com:6379/1", User: "sam", Password: "{env.SPAREKEY_TEST_PASSWORD}"}
	s.Line = "Caddyfile:3"
	if err := s.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(); err != nil {
		t.Errorf("got %v, want no error", err)
	}
	in := &RedisStore{URL: "rediss://sam:p%40ss%2Fw%3Ard%25%23%7Bx%7D@redis.example.com:6379/1"}
	if err := in.Provision(caddy.Context{}); err != nil || in.URL != s.URL || s.Password != "" || s.Line != "" {
		t.Errorf("got %+v and %+v, %v, want the same store", s, in, err)
	}
	if got := s.Address(); got != "rediss://redis.example.com:6379/1" {
		t.Errorf("got address %q", got)
	}
}
