package caddymodule

import "github.com/caddyserver/caddy/v2"

func init() {
	caddy.RegisterModule(new(App))
	caddy.RegisterModule(new(Handler))
	caddy.RegisterModule(new(FileStore))
	caddy.RegisterModule(new(RedisStore))
	caddy.RegisterModule(new(SMTPNotifier))
	caddy.RegisterModule(new(SMSNotifier))
	caddy.RegisterModule(new(FileNotifier))
	caddy.RegisterModule(new(PushNotifier))
	caddy.RegisterModule(new(WebhookNotifier))
}
