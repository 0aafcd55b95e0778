# Everything goes through these. `make` alone prints them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# One more than there are cores: tests wait for clocks and other processes, and each process that runs them makes its own things first.
JOBS ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 2) + 1 )))

# Bytecode that is not kept is compiled again by each of the many processes that a demonstration and a test run start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo serve test check lint types contracts bench soak clean

help: ## print this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# What is used is compiled when it is first used, and kept; most of what is installed never is.
$(BIN)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "expected Python 3.11 to 3.13, found " + sys.version.split()[0] + "; name one with make PYTHON=/path/to/python3.12")'
	@echo "Installing into $(VENV) (once; a minute or so) …"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-compile --editable '.[dev]'
	@touch $@

install: $(BIN)/.installed ## make .venv with everything the project needs

demo: install ## play one serious-nuisance case with four parties; ARGS=--json prints it as JSON
	@$(BIN)/broker demo $(ARGS)

serve: install ## keep the demo's broker running and print ready-to-paste commands for each party
	@$(BIN)/broker demo --serve $(ARGS)

# Whole stretches of tests go to one worker, so that what a module shares is made once; who is done takes over from who is not.
test: install ## run all tests
	@$(BIN)/pytest -q --numprocesses=$(JOBS) --dist=worksteal $(ARGS)

check: lint types contracts ## lint, types and import contracts

lint: install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "run: $(BIN)/ruff format ."; exit 1; }

types: install
	@$(BIN)/mypy

contracts: install
	@$(BIN)/lint-imports --no-cache

bench: install ## measure decide, exchange and audit as ratios in one run; ARGS=--json
	@$(BIN)/broker bench all $(ARGS)

soak: install ## the long checks: hundreds of kills, thousands of races, other examples each time (an hour or so)
	@$(BIN)/pytest -q -m soak $(ARGS)
	@$(BIN)/pytest -q -m hypothesis --hypothesis-profile=others $(ARGS)

clean: ## remove what was built here, the demo included
	@rm -rf $(VENV) var build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
