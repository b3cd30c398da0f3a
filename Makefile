# PXL: build, run and test. `make help` lists the targets.
#
# Each step leaves a stamp in build/ and is done again only when what it is made from has changed.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory --no-builtin-rules

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# The Rust of rustup, where there is one, before the system's.
export PATH := $(CURDIR)/$(BIN):$(HOME)/.cargo/bin:$(PATH)
# What the machine's pip is told must not matter: every package and its hash stand in requirements/.
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
INSTALL := $(PIP) install --quiet --require-hashes

ENGINE_SOURCES := $(shell find engine \( -name target -prune \) -o -type f -print)
COQ_SOURCES := $(shell find coq -type f \( -name '*.v' -o -name '*.ml' -o -name '*.mli' -o -name '*.mlg' -o -name '*.mlpack' -o -name _CoqProject -o -name Makefile \) ! -name g_pxl.ml)
PYTHON_SOURCES := src client tests docs $(wildcard bench deploy monitoring serve_pxl.py integration_test_suite.py)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## build what is missing and serve on port 8088 (PXL_SERVER_PORT)
	exec $(BIN)/python serve_pxl.py

.PHONY: build
build: build/install.stamp build/engine.stamp build/coq.stamp ## install and compile everything that running needs

# Test workers: most tests wait for processes, so there is one more than processors. `make test WORKERS=0` runs everything in one process.
WORKERS ?= $(shell expr $$(nproc) + 1)

# The steps stop at the first one that fails; the cheap ones come first.
# The Rust tests and lints share the release build: the SAT solver is compiled once, and the tests' searches are fast.
# The binding's tests are Python's (a Rust test of it would have to link libpython, which Debian keeps in python3-dev).
.PHONY: test
test: build build/dev.stamp build/debian-tests.stamp ## lint, then every test; stops at the first step that fails; the last line is pytest's
	$(MAKE) lint
	$(MAKE) -C coq audit
	cargo test --release --manifest-path engine/Cargo.toml --workspace --exclude logos-pxl-engine --locked --quiet
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder | tee build/pytest.log

.PHONY: lint
lint: build/dev.stamp build/engine.stamp ## the style and type checks
	$(BIN)/ruff format --check --quiet $(PYTHON_SOURCES)
	$(BIN)/ruff check --quiet $(PYTHON_SOURCES)
	$(BIN)/mypy
	$(BIN)/shellcheck .ci/run scripts/*.sh requirements/*.sh
	cd engine && cargo fmt --check
	cd engine && cargo clippy --release --locked --quiet --all-targets -- --deny warnings

.PHONY: bench
bench: build build/dev.stamp ## the benchmarks (no part of the tests)
	$(BIN)/python -m bench

.PHONY: docs
docs: build/dev.stamp build/engine.stamp build/debian-tests.stamp ## build the documents as a site into build/docs; a warning is an error
	$(BIN)/python -m sphinx -E -W --keep-going -n -q -b html docs build/docs
	@echo "build/docs/index.html"

.PHONY: lock
lock: build/dev.stamp ## renew the lock files in requirements/
	cd requirements && ./lock.sh

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build $(VENV) engine/target
	$(MAKE) -C coq clean

build/debian.stamp: requirements/debian.sh
	@mkdir -p build
	PYTHON="$(PYTHON)" sh $<
	@touch $@

build/debian-tests.stamp: requirements/debian.sh
	@mkdir -p build
	PYTHON="$(PYTHON)" sh $< tests
	@touch $@

build/venv.stamp: build/debian.stamp
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "PXL needs Python 3.11 or later; name one: make PYTHON=python3.11")'
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

build/install.stamp: build/venv.stamp requirements/build.txt requirements/run.txt pyproject.toml client/pyproject.toml
	@echo "== installing Python packages into $(VENV)"
	$(INSTALL) --requirement requirements/build.txt --requirement requirements/run.txt
	$(PIP) install --quiet --no-build-isolation --no-deps --no-index --editable client --editable .
	@touch $@

build/dev.stamp: build/install.stamp requirements/dev.txt
	$(INSTALL) --requirement requirements/dev.txt
	@touch $@

build/engine.stamp: build/install.stamp $(ENGINE_SOURCES)
	@echo "== compiling the engine: some minutes the first time, for a SAT solver is in it"
	rm -rf build/wheels
	cd engine/crates/py && VIRTUAL_ENV=$(CURDIR)/$(VENV) maturin build --release --locked --quiet --out $(CURDIR)/build/wheels
	$(PIP) install --quiet --no-deps --no-index --force-reinstall build/wheels/*.whl
	@touch $@

build/coq.stamp: build/debian.stamp $(COQ_SOURCES)
	@echo "== compiling the Coq kernel"
	$(MAKE) -C coq
	@touch $@
