# demo   a protected app on this machine, with nothing to set up
# check  format, vet and the quick tests: after each change
# test   everything CI checks; installs what it needs when it may
# soak   the long tests and the fuzz targets
# bench  the figures of examples/bench
# build  .bin/caddy, as xcaddy.json describes it

.PHONY: demo check test soak bench build

demo:
	@mkdir -p .bin
	@echo "Building the demo; the first time this takes some minutes."
	@go build -buildvcs=false -o .bin/demo ./examples/demo
	@exec .bin/demo

check:
	@examples/tools/check

test:
	@examples/tools/test

soak:
	@examples/tools/soak

bench:
	@go run -buildvcs=false ./examples/bench

build:
	@go run -buildvcs=false ./examples/build
