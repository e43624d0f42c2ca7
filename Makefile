# Each target is the whole of its job: it makes what it needs, from nothing.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help

.PHONY: help up demo down clean tools test check lint types unit integration e2e bench format lock schemas

help: ## show the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

up: ## three clusters on this machine, and the platform on each
	@$(PYTHON) -m toolchain install up
	@$(BIN)/sluice sandbox up >/dev/null
	@$(BIN)/sluice up
	@printf '\nTo use pulumi, kubectl and sluice on it in this shell, paste:\n\n  eval "$$(%s env)"\n' "$(CURDIR)/$(BIN)/sluice"

demo: ## the same with a Gitea and its runner, and a change on its way from a branch to dev
	@$(PYTHON) -m toolchain install demo
	@$(BIN)/sluice sandbox up --gitea >/dev/null
	@$(BIN)/sluice sandbox demo

down: ## stop every process of the sandbox; its state stays
	@test ! -x $(BIN)/sluice || $(BIN)/sluice sandbox down

clean: down ## remove the sandbox, its state and the virtual environment
	@rm -rf .sluice .venv *.egg-info

tools: ## what a cluster of your own needs: packages, pulumi, its provider, kubectl
	@$(PYTHON) -m toolchain install deploy

test: check testing ## everything that is tested
	$(BIN)/pytest tests/e2e tests/integration -n 3 --dist loadgroup -q

check: lint types unit ## what needs no cluster: lint, types, unit tests

.PHONY: checking testing
checking:
	@$(PYTHON) -m toolchain install $(SHARED) check
testing:
	@$(PYTHON) -m toolchain install test

lint: checking
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/yamllint --strict .
	$(BIN)/lint-imports --no-cache --no-logo

types: checking
	$(BIN)/mypy

unit: checking
	$(BIN)/pytest tests/unit -n 2 -q

integration: testing
	$(BIN)/pytest tests/integration -n 3 --dist loadgroup -q

e2e: testing
	$(BIN)/pytest tests/e2e -q

bench: testing ## measure against plain pulumi and kubectl
	$(BIN)/python -m benchmarks

format: checking ## format and mend what the linter can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: ## lock the Python packages of pyproject.toml
	@$(PYTHON) -m toolchain lock

schemas: checking ## write docs/schemas, the form of what -o json prints
	@$(BIN)/python -m sluice.schemas
