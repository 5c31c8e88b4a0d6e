# Every command of the project. `make` or `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help

help: ## list these commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 28

setup: $(STAMP) ## make .venv with everything the project needs, at locked versions

$(STAMP): requirements.lock pyproject.toml
	@sh tools/make-venv.sh "$(PYTHON)" "$(VENV)"
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $(STAMP)

demo: setup ## registry, simulated garages and real observations over TLS, told as a story
	$(BIN)/odopass demo

test: setup ## everything CI checks: style, types, contracts, tests
	@sh tools/install-test-tools.sh
	@sh tools/make-scanners.sh $(BIN)/python $(VENV)/scanners
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest -n 2

check: setup ## style, types and import contracts only (seconds)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: setup ## put the code into the project's style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

reliability: setup ## the promises in their long form: minutes of kills, each ending in one JSON line
	@sh tools/install-test-tools.sh --long
	$(BIN)/pytest -q -s -n 0 tests/reliability tests/acceptance/test_go_live.py --long

approval: setup ## the approval run in real time: our own application and the wrong clients
	$(BIN)/pytest -q -s -n 0 --long tests/approval tests/acceptance/test_approval_of_our_own.py

bench: setup ## speed, side by side with what others would write, in one run
	$(BIN)/python -m benchmarks

judgement: setup ## how many errors and frauds the rules catch, and how many honest readings they bother
	$(BIN)/python -m benchmarks.judgement

coverage-of-requirements: setup ## which test proves which requirement
	$(BIN)/python -m tools.requirements_coverage

audit: setup ## what is known against the versions of requirements.lock (needs the network)
	@sh tools/make-scanners.sh $(BIN)/python $(VENV)/scanners
	$(BIN)/python -m tools.audit $(AUDIT)

lock: ## resolve the dependencies anew into requirements.lock (hashes, no addresses)
	@sh tools/lock.sh "$(PYTHON)"

clean: ## remove .venv and caches
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

.PHONY: help setup demo test check format reliability approval bench judgement coverage-of-requirements audit lock clean
