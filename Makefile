# What one does with Moim; `make help` says it in a line each.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

LISTEN ?= 127.0.0.1:8080
DATA ?= ./data
# Histories that Yjs makes for `make test-histories`, and the seed of the first: give it to see them again.
HISTORIES ?= 120
HISTORIES_SEED ?= $(shell date +%s)
# Damaged messages for `make soak-mutations`, and the seed of the first.
MUTATIONS ?= 20000000
MUTATIONS_SEED ?= 0
# Edits that `make soak-honest` makes in one document.
EDITS ?= 1000000
# How long `make fuzz` stays with each target.
FUZZ_SECONDS ?= 600
CARGO_FUZZ ?= 0.13.2
FUZZ_TARGETS ?= decode_frame decode_bus_frame guard_then_apply decode_awareness
export MOIM_BIN ?= $(CURDIR)/target/debug/moim

# Left out: what is fetched, built or generated, and the tests in browsers.
client_sources := $(shell find static -type d \( -name node_modules -o -name dist -o -name generated \
	-o -name e2e \) -prune -o -type f -print)

.PHONY: help run build test test-rust test-client test-interop test-fleet test-histories test-e2e test-image test-image-dist check bench soak soak-mutations soak-honest soak-traces \
	soak-memory soak-simulation fuzz fmt deny setup packages clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## build the client and the server, and start it on $LISTEN with its data in $DATA
	exec target/release/moim serve --listen $(LISTEN) --data $(DATA)

build: static/dist/index.html ## the release binary with the client inside
	cargo build --release

# --- tests ---

test: setup test-rust test-client test-interop test-fleet test-histories test-e2e test-image ## everything: Rust, client, stock Yjs clients, a fleet of nodes, two browsers, the image's steps

# Much of a test is waiting: more of them than there are cores.
test-rust: static/dist/index.html ## the server's tests
	RUST_TEST_THREADS=4 cargo test --no-fail-fast

test-client: static/node_modules/.stamp ## the client's types and unit tests
	cd static && npm run check && npm test

test-interop: tests/interop/node_modules/.stamp debug-binary ## stock Yjs clients on Node against the real server
	cd tests/interop && npm test

# One after another: each is enough for two cores. What failed may have left clients behind, who are not waited for.
test-fleet: tests/interop/node_modules/.stamp debug-binary ## three nodes behind nginx, what fails under them, and 60 stock Yjs clients (5 minutes)
	cd tests/interop && node --test --test-reporter=spec --test-force-exit --test-concurrency=1 fleet/lone.js fleet/cluster.js

test-histories: tests/interop/node_modules/.stamp static/dist/index.html ## fresh random histories of Yjs 13.5 and 13.6, there and back
	mkdir -p target/histories
	cd tests/interop && node histories/generate.js ../../target/histories/made.json $(HISTORIES) $(HISTORIES_SEED)
	MOIM_HISTORIES=target/histories/made.json MOIM_HISTORIES_ANSWERS=target/histories/answers.json \
		cargo test --test it histories::
	cd tests/interop && node histories/verify.js ../../target/histories/answers.json

test-e2e: static/e2e/node_modules/.stamp debug-binary ## two browsers against the real server
	cd static/e2e && npm test

# A debug build in the place of the Dockerfile's; test-image-dist takes that as it is, which is ten minutes.
test-image: tests/image/node_modules/.stamp debug-binary ## the Dockerfile's steps without an engine, and compose.yaml read
	cd tests/image && npm test

test-image-dist: tests/image/node_modules/.stamp debug-binary ## the same with the Dockerfile's own profile (10 minutes)
	cd tests/image && MOIM_IMAGE_PROFILE=dist npm test

.PHONY: debug-binary
debug-binary: static/dist/index.html
	# With the tests, so that the crates are not built once more with fewer features.
	cargo build --bins --tests --examples

# --- what takes long ---

soak-mutations: static/dist/index.html ## 20 million damaged messages: nothing crashes, is bricked or can't be loaded
	MOIM_MUTATIONS=$(MUTATIONS) MOIM_SEED=$(MUTATIONS_SEED) \
		cargo test --test it mutation::damaged -- --nocapture

soak-honest: tests/interop/node_modules/.stamp debug-binary ## $EDITS edits of every kind in one document, by four people: through the guard, and on a server
	cd tests/interop && node honest/generate.js ../../target/sessions.json $(EDITS) 4 1 all
	MOIM_SESSIONS=$(CURDIR)/target/sessions.json cargo test --test it honest::sessions
	cd tests/interop && MOIM_HONEST_EDITS=$(EDITS) node --test-reporter=spec honest/soak.js

soak-traces: tests/interop/node_modules/.stamp debug-binary ## recorded sessions of real people ($TRACES: files of github.com/josephg/editing-traces) on a server
	test -n "$(TRACES)" || { echo 'say which: make soak-traces TRACES="folder/*.json.gz"' >&2; exit 1; }
	cd tests/interop && node honest/traces.js $(abspath $(wildcard $(TRACES)))

soak-simulation: static/dist/index.html ## 20 000 simulated worlds of each kind: nothing acknowledged is lost, and all converge
	MOIM_SIMULATION_SEEDS=20000 cargo test --test it simulation::

soak-memory: build ## a release build under attacks on its memory, with 256 MiB set
	MOIM_MEMORY_BIN=$(CURDIR)/target/release/moim MOIM_MEMORY_MB=256 cargo test --test it memory:: -- --nocapture

# SQLite's C is seen twice by the sanitizer, which takes that for a violation.
fuzz: static/dist/index.html ## each fuzz target for $FUZZ_SECONDS; new inputs go to fuzz/target/found
	command -v cargo-fuzz > /dev/null || cargo install cargo-fuzz --version $(CARGO_FUZZ) --locked
	for target in $(FUZZ_TARGETS); do \
		mkdir -p fuzz/target/found/$$target; \
		ASAN_OPTIONS=detect_odr_violation=0 cargo +nightly fuzz run $$target fuzz/target/found/$$target fuzz/corpus/$$target -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=25 -rss_limit_mb=4096 -max_len=16384; \
	done

check: static/node_modules/.stamp static/dist/index.html ## before each commit: format, lints, types, unit tests
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	cargo test --lib
	cd static && npm run check && npm test

soak: static/dist/index.html ## the server killed 5 000 times at random moments (an hour)
	MOIM_CRASH_ROUNDS=5000 cargo test --test crash

bench: static/dist/index.html ## the server under load, beside a bare WebSocket broadcaster, and two nodes with Redis (14 minutes)
	cargo bench --bench load

deny: ## licences, advisories and sources of all crates (needs cargo-deny)
	cargo deny check

fmt: ## format the Rust sources
	cargo fmt

# --- what is built and fetched ---

setup: ## install what is missing on a Debian machine: tools, Chromium, npm packages
	scripts/setup

packages: $(addsuffix /node_modules/.stamp, static static/e2e tests/interop tests/image) ## the npm packages of the lock files

%/node_modules/.stamp: %/package.json %/package-lock.json
	cd $* && npm ci --no-fund --no-audit
	touch $@

static/dist/index.html: static/node_modules/.stamp $(client_sources)
	cd static && npm run build
	touch $@

clean: ## forget everything that was built (not the data)
	rm -rf target static/dist {static,static/e2e,tests/interop,tests/image}/node_modules
