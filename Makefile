# Every target first installs what it needs into .tools and node_modules of this checkout; nothing is installed elsewhere.
SHELL := /bin/sh
export PATH := $(CURDIR)/.tools/node/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export STAY PROFILE RUN ONLY CRDS CHANNEL ROUTES REPLICAS JSON HOURS UNHARMED

.PHONY: setup help demo test bench faults soak mutants cluster cluster-down cluster-test bench-cluster conformance conformance-report build clean

setup: ## install Node, npm packages and Envoy into this checkout, if they are missing
	@sh scripts/prerequisites.sh
	@python3 scripts/setup.py

help: ## list these targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1	/p' Makefile

demo: setup ## walk through the five articles with a real Envoy (STAY=1 keeps it running)
	@node demo/main.ts

test: setup ## type check, lint, and every test, with a real Envoy too
	@node scripts/test.ts

bench: setup ## measure the cost of changes
	@npm run --silent bench

faults: setup ## everything that may go wrong, one fault after the other, with real proxies under load (ONLY=name runs some)
	@node test/faults/main.ts

soak: setup ## the same faults in their long form, then hours of random trouble (HOURS=12)
	@LONG=1 node test/faults/main.ts

mutants: setup ## apply small deliberate faults, one by one, and expect the tests to find each
	@node test/mutants/main.ts

cluster: setup ## bring up a real cluster on this machine, as root (CRDS=v1.7.0 CHANNEL=standard); needs no containers
	@node test/conformance/bed/cluster.ts up --crds "$${CRDS:-v1.7.0}" --channel "$${CHANNEL:-standard}"

cluster-down: setup ## end that cluster and remove every trace of it
	@node test/conformance/bed/cluster.ts down

cluster-test: setup ## the tests that need such a cluster; each has its own (ONLY=name runs some)
	@node test/conformance/cluster-tests.ts

bench-cluster: setup ## measure what routes cost on such a cluster (ROUTES=1000,5000 REPLICAS=1,2; JSON=1 for samples)
	@node test/conformance/bench/main.ts --routes "$${ROUTES:-1000,5000}" --replicas "$${REPLICAS:-1,2}" $${JSON:+--json}

conformance: setup ## the official suite on such a cluster (PROFILE=GATEWAY-HTTP, RUN=One,Another, CHANNEL=experimental, STAY=1)
	@node test/conformance/suite/main.ts

conformance-report: setup ## keep the report of the last whole run of the suite in test/conformance/report
	@node test/conformance/suite/keep.ts

build: setup ## compile to dist
	@npm run --silent build

clean: ## remove what was built and measured; keeps .tools and node_modules
	@rm -rf dist coverage .cache proto/gen
