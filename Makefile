# The commands of this project. `make` alone lists them. Each target does its own set-up first.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench bench-own eval format lock clean

PY := .venv/bin/python
TEST_ARGS ?=
# The model of names works in small matrices, where more threads only spin.
export OPENBLAS_NUM_THREADS ?= 1
BENCH_ARGS ?=
EVAL_ARGS ?=
SCAN_ARGS ?=
TYPED := gateway addons dlp_recognizers routing_rules certs

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup:  ## make .venv with llmgw in it, from the lock (quick when already done)
	@./scripts/setup.sh

demo: setup  ## run the main job end to end with the embedded defaults, and show each step
	@$(PY) -m demo.run

test: setup  ## every test; Debian packages that tests need are installed where missing (as root)
	@./scripts/system-packages.sh
	@$(PY) -m pytest -n 2 --dist loadgroup $(TEST_ARGS)

check: setup  ## formatter, linter, types, architecture test, schemas of the shipped YAML
	@./scripts/check.sh $(TYPED)

bench: setup  ## measure speed and memory beside peers; writes benchmarks/results/*.json
	@status=0; $(PY) -m benchmarks.detection.speed $(SCAN_ARGS) || status=1; \
	$(PY) -m benchmarks.run $(BENCH_ARGS) || status=1; exit $$status

bench-own: setup  ## measure the exact data match and document fingerprints; writes benchmarks/results/own_data.json
	@$(PY) -m benchmarks.own_data $(BENCH_ARGS)

eval: setup  ## measure detection beside stock Presidio; writes benchmarks/results/detection.json
	@$(PY) -m benchmarks.detection.run $(EVAL_ARGS)

format: setup  ## format the code and apply the linter's safe fixes
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .

lock:  ## resolve the dependencies again (needs uv); keeps every version that still fits
	@./scripts/lock.sh

clean:  ## remove what set-up, demo and bench made
	rm -rf .venv .bench demo-run .pytest_cache .mypy_cache .ruff_cache .hypothesis
