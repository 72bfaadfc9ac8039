# `make` prints help. CI calls the same targets that people call.
# Any failure inside make ends in make's own exit code 2; bin/stampede's and bin/slo's own codes are in their --help.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

GO    ?= go
BUILD := $(GO) build -buildvcs=auto
# Extra arguments of `stampede rehearse` and `stampede stack`, for example ARGS="--students 2000 --database mariadb".
ARGS  ?=
# STACK=ha lets `make demo` run on highly available monitoring.
STACK ?=
# Extra arguments of the k6 benchmark, for example BENCH_K6="-rounds 1 -connections 1000".
BENCH_K6 ?=
# Extra arguments of `go test`, for example TEST="-race -run Ledger".
TEST  ?=

# How often `make chaos` breaks each part, and how long the bucket is away at least.
COUNT  ?= 1
OUTAGE ?= 0s

# What highly available monitoring runs besides Prometheus.
HA_PROGRAMS := bin/thanos bin/minio bin/alertmanager
GO_PROGRAMS := ./service/cmd/registrar ./k6/cmd/k6 ./slo/cmd/slo ./dashboards/cmd/dashboards ./deploy/cmd/stampede

.PHONY: help demo stack test chaos lint fmt bench bench-service bench-k6 bench-slo ci build tools install-test-dependencies clean

help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-zA-Z0-9_-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo; echo '  ARGS="…" is passed to `stampede rehearse` by `make demo`, to `stampede stack` by `make stack`; TEST="…" to `go test` by `make test`.'

demo: build $(if $(STACK),$(HA_PROGRAMS)) ## Rehearse an opening minute: 10,000 students, a verdict, a report (ARGS="--students 2000", STACK=ha)
	bin/stampede rehearse $(if $(STACK),--stack $(STACK)) $(ARGS)

stack: build $(HA_PROGRAMS) ## Bring up highly available monitoring until Ctrl-C (ARGS="--scrape 127.0.0.1:8080")
	bin/stampede stack $(ARGS)

build: bin/prometheus ## Build bin/registrar, bin/k6, bin/slo, bin/dashboards, bin/stampede and bin/prometheus
	@echo "building registrar, k6, slo, dashboards, stampede (a cold cache takes two minutes)"
	@$(BUILD) -o bin/ $(GO_PROGRAMS)

bin/prometheus: thanos/build/prometheus/go.mod thanos/build/prometheus/go.sum
	@echo "building Prometheus from its pinned module (a cold cache takes four minutes)"
	@$(GO) build -buildvcs=false -modfile=thanos/build/prometheus/go.mod -tags=remove_all_sd -o $@ github.com/prometheus/prometheus/cmd/prometheus
	@touch $@

bin/promtool: thanos/build/prometheus/go.mod thanos/build/prometheus/go.sum
	@echo "building promtool from its pinned module (after Prometheus, half a minute)"
	@$(GO) build -buildvcs=false -modfile=thanos/build/prometheus/go.mod -tags=remove_all_sd -o $@ github.com/prometheus/prometheus/cmd/promtool
	@touch $@

# Thanos panics at its start without these tags.
bin/thanos: thanos/build/thanos/go.mod thanos/build/thanos/go.sum
	@echo "building Thanos from its pinned module (a cold cache takes three minutes)"
	@$(GO) build -buildvcs=false -modfile=thanos/build/thanos/go.mod -tags=netgo,slicelabels -o $@ github.com/thanos-io/thanos/cmd/thanos
	@touch $@

bin/minio: minio/build/go.mod minio/build/go.sum
	@echo "building MinIO from its pinned module (a cold cache takes four minutes)"
	@$(GO) build -buildvcs=false -modfile=minio/build/go.mod -o $@ github.com/minio/minio
	@touch $@

# Its web pages are in the module, and need no npm.
bin/alertmanager bin/amtool: bin/%: thanos/build/alertmanager/go.mod thanos/build/alertmanager/go.sum
	@echo "building $* from its pinned module (a cold cache takes a minute)"
	@$(GO) build -buildvcs=false -modfile=thanos/build/alertmanager/go.mod -o $@ github.com/prometheus/alertmanager/cmd/$*
	@touch $@

bin/golangci-lint: .ci/golangci-lint/go.mod .ci/golangci-lint/go.sum
	@echo "building golangci-lint from its pinned module (a cold cache takes two minutes)"
	@$(GO) build -buildvcs=false -modfile=.ci/golangci-lint/go.mod -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@

install-test-dependencies:
	@.ci/install-test-dependencies

test: install-test-dependencies build bin/promtool $(HA_PROGRAMS) ## Install what the tests need, then run them all, real parts included (TEST="-race")
	$(GO) test -timeout 20m $(TEST) ./...

chaos: build $(HA_PROGRAMS) ## Break each part of the monitoring and hold answers and verdicts against before (COUNT=10 OUTAGE=2m)
	@set -o pipefail; $(GO) test ./deploy/stack -run '^TestChaos' -count=$(COUNT) -timeout=0 -parallel=4 -v -outage=$(OUTAGE) | grep --line-buffered -v '^=== '

lint: bin/golangci-lint ## Check style, formatting and which part may import which
	bin/golangci-lint run ./...
	bin/golangci-lint fmt --diff

fmt: bin/golangci-lint ## Format the tree
	bin/golangci-lint fmt

bench: bench-service bench-k6 bench-slo ## Run every benchmark; each ends with a line a figure

bench-service: install-test-dependencies ## Group commit beside SELECT … FOR UPDATE, on a real MariaDB
	$(GO) run ./service/cmd/bench-service

bench-k6: build ## Requests per generator CPU-second beside stock k6, wrk and hey
	@.ci/install-test-dependencies wrk=wrk hey=hey
	$(GO) run ./k6/cmd/bench-k6 $(BENCH_K6)

bench-slo: bin/prometheus ## Evaluation of 200 objectives beside its queries by hand, on 100,000 series
	$(GO) run ./slo/cmd/bench-slo

ci: lint ## What CI runs: lint, the tests under the race detector (dashboards drawn in previews/), a short demo
	STAMPEDE_PREVIEWS=$(CURDIR)/previews $(MAKE) test TEST=-race
	$(MAKE) demo ARGS="--students 3000 --open-in 15s"

clean: ## Remove what was built (runs/ stays: it is yours)
	rm -rf bin
