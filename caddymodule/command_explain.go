package caddymodule

import (
	"context"
	"io"
	"log/slog"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"

	"github.com/caddy-sparekey/sparekey/recovery/lint"
)

const longExplain = `Explains the ways back in of a configuration: what each kind of account can
walk, what somebody would have to hold to take it over, and what its owner
should do about it, and which paths and sites are open without a login. It
reads the configuration only and opens no store.

It ends with 1 when a way back is weaker than the login, which "caddy validate"
and a start refuse as well.

With USER and URL it says instead whether that person would be let in there, and
why, rule by rule: after a full sign-in, and in each session there is. Nothing is
changed. It asks the running Caddy, or else the store and the --config.`

// explain prints what the lint has to say about a configuration.
func (c *command) explain() *cobra.Command {
	var dot, svg bool
	cmd := &cobra.Command{
		Use: "explain [USER URL]", Short: "Explains the ways back in and refuses weak ones, or who is let in where", Long: longExplain,
		Example: "  $ caddy sparekey explain --config Caddyfile\n  $ caddy sparekey explain --config Caddyfile --svg > ways.svg\n" +
			"  $ caddy sparekey explain anna https://photos.example.com/album\n" +
			"  $ caddy sparekey explain anna https://photos.example.com/hook --method POST --from 192.168.1.7 --json",
	}
	var request explainArguments
	cmd.Flags().StringVar(&request.Method, "method", "GET", "with USER and URL: of the request")
	cmd.Flags().StringVar(&request.From, "from", "", "with USER and URL: address of the client, for rules about networks")
	cmd.Flags().BoolVar(&dot, "dot", false, "print a graph for Graphviz")
	cmd.Flags().BoolVar(&svg, "svg", false, "print a drawing")
	return c.either(cmd, []string{"USER", "URL"}, func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			request.URL = args[1]
			return c.access(cmd, args[0], request)
		}
		app, err := c.policyOnly()
		if err != nil {
			return err
		}
		render := lint.Text
		switch {
		case c.json:
			render = lint.JSON
		case dot:
			render = lint.Dot
		case svg:
			render = lint.SVG
		}
		if err := app.explain(cmd.OutOrStdout(), render); err != nil {
			return err
		}
		if !c.json && !dot && !svg {
			app.printTemporary(cmd.OutOrStdout())
			app.sites.printOpen(cmd.OutOrStdout())
		}
		return nil
	})
}

func (a *App) explain(w io.Writer, render func(io.Writer, lint.Report) error) error {
	if err := render(w, lint.Explain(a.offeredTable())); err != nil {
		return err
	}
	return a.judge()
}

// policyOnly reads the policy of --config, or the defaults without one.
func (c *command) policyOnly() (*App, error) {
	app := new(App)
	if c.config != "" {
		var err error
		if app, _, err = readApp(c.config, c.adapter); err != nil {
			return nil, err
		}
	}
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	defer cancel()
	app.ctx, app.logger = ctx, slog.New(slog.DiscardHandler)
	if c.config == "" {
		app.senders = []Notifier{new(FileNotifier)} // the defaults, as if everything could be sent
	}
	err := app.loadSenders(ctx)
	if err != nil {
		return nil, err
	}
	if app.policy, err = app.buildPolicy(); err != nil {
		return nil, err
	}
	return app, nil
}
