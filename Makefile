# Every target first installs what it needs into .tools and node_modules of this checkout; nothing is installed elsewhere.
SHELL := /bin/sh
export PATH := $(CURDIR)/.tools/node/bin:$(CURDIR)/node_modules/.bin:$(PATH)
export STAY

.PHONY: setup help demo test bench mutants build clean

setup: ## install Node, npm packages and Envoy into this checkout, if they are missing
	@sh scripts/prerequisites.sh
	@python3 scripts/setup.py

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile

demo: setup ## walk through the five articles with a real Envoy (STAY=1 keeps it running)
	@node demo/main.ts

test: setup ## type check, lint, and every test, with a real Envoy too
	@node scripts/test.ts

bench: setup ## measure the cost of changes
	@npm run --silent bench

mutants: setup ## apply small deliberate faults, one by one, and expect the tests to find each
	@node test/mutants/main.ts

build: setup ## compile to dist
	@npm run --silent build

clean: ## remove what was built and measured; keeps .tools and node_modules
	@rm -rf dist coverage .cache proto/gen
