# Everything that can be done here: `make help`. Needs CPython >= 3.11 with pip and venv, a Rust toolchain and a C compiler;
# the rest goes into .venv. Set PYTHON to choose the interpreter.

PYTHON ?= python3
# What the machine has, unless told otherwise; -n of pytest.
JOBS ?= 2
# Time of each target of `make fuzz`.
FUZZ_SECONDS ?= 60

SHELL := /bin/sh
# Paths here are relative, so that blanks in the folder's own path do no harm. Build scripts of crates run elsewhere, so
# the interpreter's path is made absolute where it is used.
BIN := .venv/bin
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
NATIVE_PYTHON = PYO3_PYTHON="$(CURDIR)/$(PY)"

# Where an interpreter has its packages.
SITE := 'import sysconfig; print(sysconfig.get_path("purelib"))'

# What the wheel is made of.
SOURCES := $(shell find src python -type f ! -name '*.pyc' ! -name '*.so') Cargo.toml Cargo.lock pyproject.toml README.md
WHEEL = $$(ls dist/dev/*.whl)

.DEFAULT_GOAL := help

.PHONY: help  ## Show this list
help:
	@printf 'make TARGET [PYTHON=python3]\n\n'
	@grep -E '^\.PHONY: [a-z-]+  ## ' Makefile | sed -e 's/^\.PHONY: //' | awk -F '  ## ' '{ printf "  %-10s %s\n", $$1, $$2 }'

# --- set-up: each step leaves a stamp, and is done again only when what it depends on has changed ---

.venv/.base: pyproject.toml
	@command -v cargo >/dev/null || { echo "make: cargo is missing: install Rust (https://rustup.rs)" >&2; exit 1; }
	@command -v cc >/dev/null || { echo "make: cc is missing: install a C compiler" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "make: $(PYTHON) is missing or older than CPython 3.11: set PYTHON" >&2; exit 1; }
	test -x $(PY) || $(PYTHON) -m venv .venv
	$(PIP) install 'maturin>=1.16,<2'
	@touch $@

.venv/.wheel: .venv/.base $(SOURCES)
	rm -rf dist/dev
	$(PY) -m maturin build --release --locked --interpreter $(PY) --out dist/dev
	@touch $@

.venv/.installed: .venv/.wheel
	$(PIP) install --force-reinstall --no-deps "$(WHEEL)"
	$(PIP) install "$(WHEEL)"
	@touch $@

.venv/.test: pyproject.toml .venv/.installed
	@# A wheel that is new does not mean new dependencies.
	@if test ! -e $@ || test -n "$$(find pyproject.toml -newer $@)"; then $(PIP) install "$(WHEEL)[test]"; fi
	@touch $@

.venv/.peers: pyproject.toml .venv/.test
	@if test ! -e $@ || test -n "$$(find pyproject.toml -newer $@)"; then $(PIP) install "$(WHEEL)[peers]"; fi
	@touch $@

# Peers whose needs go together with nothing else: scripts of tests/python/apart run there.
.venv-peers/.installed: tests/python/apart/requirements.txt tests/python/apart/alone.txt
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip --disable-pip-version-check --quiet install -r $<
	.venv-peers/bin/python -m pip --disable-pip-version-check --quiet install --no-deps -r tests/python/apart/alone.txt
	@touch $@

# TensorFlow's own scripts and decoders, beside the peers: this environment sees those of .venv too, TensorFlow among them.
.venv-official/.installed: tests/python/apart/official.txt tests/python/apart/official_alone.txt .venv/.peers
	test -x .venv-official/bin/python || $(PYTHON) -m venv .venv-official
	$(PY) -c $(SITE) > "$$(.venv-official/bin/python -c $(SITE))/beside.pth"
	.venv-official/bin/python -m pip --disable-pip-version-check --quiet install -r $<
	.venv-official/bin/python -m pip --disable-pip-version-check --quiet install --no-deps -r tests/python/apart/official_alone.txt
	@touch $@

.venv/.bench: pyproject.toml .venv/.test
	@if test ! -e $@ || test -n "$$(find pyproject.toml -newer $@)"; then $(PIP) install "$(WHEEL)[bench]"; fi
	@touch $@

# --- what people do ---

.PHONY: demo  ## Build, install, convert a small dataset and look at the result
demo: .venv/.installed
	rm -rf out/demo
	$(BIN)/recordmill convert examples/shapes out/demo
	$(BIN)/recordmill inspect out/demo/train.tfrecord

.PHONY: test  ## All checks and tests, TensorFlow's included
test: lint
	cargo test --locked --quiet
	RECORDMILL_REQUIRE_TF=1 $(PY) -m pytest -q -n $(JOBS)

.PHONY: test-full  ## The same with the slow sweeps, more random cases and every fuzz seed
test-full: lint .venv/.peers .venv-peers/.installed .venv-official/.installed
	RECORDMILL_FULL=1 PROPTEST_CASES=5000 cargo test --locked --release -- --include-ignored
	@# pycocotools' answers are those of x86-64.
	test "$$(uname -m)" != x86_64 || $(PY) tests/data/masks/make.py --more 20000 > target/masks.tsv
	test "$$(uname -m)" != x86_64 || \
		RECORDMILL_MASKS=target/masks.tsv cargo test --locked --release --test rust masks_are_those
	RECORDMILL_FULL=1 RECORDMILL_REQUIRE_TF=1 RECORDMILL_PEERS=1 \
		RECORDMILL_PEERS_PYTHON="$(CURDIR)/.venv-peers/bin/python" \
		RECORDMILL_OFFICIAL_PYTHON="$(CURDIR)/.venv-official/bin/python" $(PY) -m pytest -n $(JOBS)

.PHONY: lint  ## Formatting, lints, types, and stubs against the built module
lint: .venv/.test
	cargo fmt --check
	cargo fmt --check --manifest-path fuzz/Cargo.toml
	$(PY) -m ruff format --check --quiet .
	$(PY) -m ruff check --quiet .
	cargo clippy --locked --quiet --all-targets -- -D warnings
	$(NATIVE_PYTHON) cargo clippy --locked --quiet --all-targets --features python -- -D warnings
	$(PY) -m mypy.stubtest recordmill._native
	$(PY) -m mypy

.PHONY: fmt  ## Format everything
fmt: .venv/.test
	cargo fmt
	cargo fmt --manifest-path fuzz/Cargo.toml
	$(PY) -m ruff check --quiet --fix-only .
	$(PY) -m ruff format --quiet .

.PHONY: bench  ## Micro-benches, then the same work side by side with TensorFlow and the peers
bench: .venv/.bench
	cargo bench --locked --bench layers
	$(PY) benches/compare.py $(BENCH_FLAGS)

.PHONY: fuzz  ## Every fuzz target for FUZZ_SECONDS (needs cargo-fuzz)
fuzz:
	FUZZ_SECONDS=$(FUZZ_SECONDS) fuzz/run $(FUZZ_TARGETS)

.PHONY: wheel  ## A wheel for every CPython >= 3.11 of this platform, and a source archive, into dist/
wheel: .venv/.base
	$(PY) -m maturin build --release --locked --interpreter $(PY) --sdist --out dist
