# Everything that is done with this repository. `make` alone prints the targets.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
PYTHON ?= python3
PREFIX ?= /usr/local
DESTDIR ?=
FUZZ_SECONDS ?= 60

target := $(or $(CARGO_TARGET_DIR),target)
binaries := $(sort $(notdir $(wildcard bins/*)))
fuzz_targets := template yaml env_file

.PHONY: help
help: ## print the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## a slot for issue 7 with the example project in it, on a control plane of its own
	@examples/demo up

.PHONY: demo-clean
demo-clean: ## stop the demo's control plane and remove all that the demo made
	@examples/demo clean

.PHONY: demo-render
demo-render: ## render the example project for the first slot of an agent
	@$(CARGO) run --locked --quiet --release -p kubectl-codex-render -- \
		--config examples/shop/services.yaml --env ai --slot 1

.PHONY: build
build: ## build the binaries and examples that the tests run
	$(CARGO) build --locked --workspace --bins --examples

.PHONY: requirements
requirements:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "error: the tests need Python 3.11 or later as $(PYTHON)"; \
		echo "hint: make test PYTHON=python3.13"; \
		exit 1; \
	} >&2
	@$(PYTHON) -c 'import yaml' 2>/dev/null || { \
		echo "error: the tests read YAML with PyYAML, which $(PYTHON) can't import"; \
		echo "hint: apt-get install python3-yaml, or $(PYTHON) -m pip install pyyaml"; \
		exit 1; \
	} >&2

# Stories wait more than they work.
test_threads = $$(( 2 * $$(getconf _NPROCESSORS_ONLN) ))

.PHONY: test
test: requirements build cluster-build ## run all tests: units, doc examples, golden files, corpora, stories on a real control plane
	PYTHON="$(PYTHON)" RUST_TEST_THREADS=$(test_threads) tests/cluster/during $(CARGO) test --locked --workspace --no-fail-fast

.PHONY: test-cluster
test-cluster: build cluster-build ## run the stories on the control plane only
	RUST_TEST_THREADS=$(test_threads) tests/cluster/during $(CARGO) test --locked -p codex-tests --test suite -- apply:: slot::

.PHONY: cluster-build
cluster-build:
	@[ -n "$${CODEX_TEST_KUBECONFIG:-}" ] || tests/cluster/build

.PHONY: cluster-up
cluster-up: ## start the test cluster and say how to use it (the first time builds it: ten minutes)
	@tests/cluster/up

.PHONY: cluster-down
cluster-down: ## stop the test cluster
	@tests/cluster/down

.PHONY: check
check: lint house-rules deny test ## all that must hold before a commit: lints, house rules, licences, tests

.PHONY: check-all
check-all: check test-long ## the same, and the tests that take an hour

.PHONY: test-long
test-long: build cluster-build ## every call of every verb with each fault, and 200 runs of each with random faults
	tests/cluster/during $(CARGO) test --locked -p codex-tests --test suite -- --ignored --nocapture long_

.PHONY: lint
lint: ## formatting and clippy, the workspace and the pure binaries alone
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(CARGO) clippy --locked -p kubectl-codex-render --all-targets -- -D warnings
	$(CARGO) clippy --locked -p kubectl-codex --all-targets -- -D warnings

.PHONY: house-rules
house-rules: ## the rules of this project that no tool knows
	$(PYTHON) tests/house-rules --self-test
	$(PYTHON) tests/house-rules

.PHONY: deny
deny: cargo-deny ## licences, sources and bans of the dependencies
	$(CARGO) deny --locked --all-features check bans licenses sources

.PHONY: advisories
advisories: cargo-deny ## known vulnerabilities in the dependencies (needs the network)
	$(CARGO) deny --locked --all-features check advisories

.PHONY: cargo-deny
cargo-deny:
	@$(CARGO) deny --version >/dev/null 2>&1 || { \
		echo "error: cargo-deny is missing"; \
		echo "hint: $(CARGO) install --locked cargo-deny"; \
		exit 1; \
	} >&2

.PHONY: golden
golden: requirements build ## write the golden files anew; read the diff before you commit it
	UPDATE_GOLDEN=1 $(CARGO) test --locked -p codex-tests --test suite golden

.PHONY: bench
bench: dist-build ## time, memory and size of the shipped build against their targets
	$(CARGO) run --locked --quiet --release -p codex-tests --example bench -- "$(target)/dist/kubectl-codex-render"

.PHONY: bench-cluster
bench-cluster: dist-build ## the shipped apply against kubectl on a real control plane
	tests/cluster/during $(CARGO) run --locked --quiet --release -p codex-tests --example bench-cluster -- \
		"$(target)/dist/kubectl-codex-apply"

.PHONY: bench-slot
bench-slot: dist-build ## the shipped slot on a real control plane with 500 slots taken
	tests/cluster/during $(CARGO) run --locked --quiet --release -p codex-tests --example bench-slot -- \
		"$(target)/dist/kubectl-codex-slot"

.PHONY: bench-sync
bench-sync: ## syncing 50,000 files, 1 GB, against rsync
	$(CARGO) run --locked --quiet --release -p codex-tests --example bench-sync

.PHONY: fuzz
fuzz: ## run each fuzz target for a minute (FUZZ_SECONDS)
	@$(CARGO) +nightly fuzz --version >/dev/null 2>&1 || { \
		echo "error: fuzzing needs the nightly toolchain and cargo-fuzz"; \
		echo "hint: rustup toolchain install nightly && $(CARGO) install --locked cargo-fuzz"; \
		exit 1; \
	} >&2
	$(PYTHON) fuzz/seeds.py
	for name in $(fuzz_targets); do \
		$(CARGO) +nightly fuzz run "$$name" -- -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048; \
	done

# One build per binary: over a workspace cargo unites the features of shared crates.
.PHONY: dist-build
dist-build:
	for name in $(binaries); do $(CARGO) build --locked --profile dist -p "$$name"; done

.PHONY: install
install: dist-build ## install to PREFIX (/usr/local), under both names that kubectl looks for
	install -d "$(DESTDIR)$(PREFIX)/bin"
	for name in $(binaries); do \
		install -m 0755 "$(target)/dist/$$name" "$(DESTDIR)$(PREFIX)/bin/$$name"; \
		case "$$name" in kubectl-codex-*) \
			ln -sf "$$name" "$(DESTDIR)$(PREFIX)/bin/kubectl-codex_$${name#kubectl-codex-}";; \
		esac; \
	done

.PHONY: dist
dist: dist-build ## pack one archive per plugin into dist/, with its krew and Helm manifests
	$(PYTHON) plugin-index/pack.py "$(target)/dist" dist

.PHONY: clean
clean: ## remove what was built
	$(CARGO) clean
	rm -rf dist fuzz/target fuzz/corpus fuzz/artifacts
