# Needs Python 3.11 or newer and nothing else: it makes its own virtual environment. `make` lists the targets.
# All paths are relative, because make takes a path with spaces for several; programs are called as
# `python -m …`, because the first line of a console script breaks on a long path.

PYTHON ?= python3
UV_VERSION := 0.13.8
VENV := .venv
RUN := $(VENV)/bin/python -m

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo demo-keep up down status logs test lint format hooks schemas migrations notices changelog translations bench faults browser clients chart \
  requirements clean

help: ## List the targets
	@echo "Plaudit: praise with an audit trail. Start with: make demo"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

setup: $(VENV)/dev.stamp ## Make the virtual environment with everything for development

demo: $(VENV)/runtime.stamp ## See all of it at work: one command from a bare checkout
	@$(RUN) plaudit demo

demo-keep: $(VENV)/runtime.stamp ## The same, left running: it ends with a link that signs in at the console
	@$(RUN) plaudit demo --keep

up: $(VENV)/runtime.stamp ## Start Kafka, PostgreSQL, the services, the console and the gateway
	@$(RUN) plaudit up

down: $(VENV)/runtime.stamp ## Stop them; their data stays
	@$(RUN) plaudit down

status: $(VENV)/runtime.stamp ## Show each process
	@$(RUN) plaudit status

logs: $(VENV)/runtime.stamp ## Show and follow the logs (end with Ctrl-C)
	@$(RUN) plaudit logs --follow

test: lint ## Lint, then every test; the long fault runs are under `make faults`
	@$(RUN) pytest -n 3 --durations 10

lint: $(VENV)/dev.stamp ## Formatting, style, the architecture's rules and types
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(VENV)/bin/python -c "from importlinter.cli import lint_imports_command as lint; lint()"
	@$(RUN) mypy

format: $(VENV)/dev.stamp ## Format the code and correct what can be corrected
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .

hooks: $(VENV)/dev.stamp ## Have git run lint before each commit
	@$(RUN) prek install

schemas: $(VENV)/dev.stamp ## Generate schemas/ and the Python client from the contracts and the APIs
	@$(RUN) tools.schemas
	@$(RUN) tools.client

migrations: $(VENV)/dev.stamp ## Give the migrations of a merged branch their numbers
	@$(RUN) tools.migrations

dashboards: $(VENV)/dev.stamp ## Generate dashboards, alerts on error budgets and docs/metrics.md
	@$(RUN) tools.objectives
	@$(RUN) tools.dashboards
	@$(RUN) tools.metrics

notices: $(VENV)/dev.stamp ## Generate THIRD_PARTY.md from what is installed
	@$(RUN) tools.notices

changelog: $(VENV)/dev.stamp ## Show what changelog.d has for the next release
	@$(RUN) towncrier build --draft --version next

bench: $(VENV)/bench.stamp ## Measure throughput and latency, and write the results
	@$(RUN) bench

faults: $(VENV)/dev.stamp ## Kill every process in every way, and reconcile what is left (PART=3/8: a part)
	@PLAUDIT_FAULTS=full PLAUDIT_FAULTS_PART='$(PART)' PLAUDIT_FAULTS_TABLE=docs/guarantees.md \
	  $(RUN) pytest tests/faults --durations 10

browser: $(VENV)/dev.stamp ## Every page of the console in Chromium: languages, themes, widths, axe-core
	@PLAUDIT_BROWSER=full $(RUN) pytest -n 0 tests/browser --durations 10

clients: $(VENV)/dev.stamp ## Run the programs of the guides in every language that is installed
	@PLAUDIT_CLIENTS=full $(RUN) pytest -n 0 tests/integration/clients --durations 10

chart: $(VENV)/dev.stamp ## Check the Helm chart: the first time, builds Helm and kubeconform with Go (minutes)
	@$(RUN) tools.deploy_programs
	@$(RUN) pytest -n 0 tests/deploy

translations: $(VENV)/dev.stamp ## Find what pages say, and put what is new into the catalogues
	@$(RUN) tools.translations

requirements: $(VENV)/uv.stamp ## Compile the pins of requirements/*.in anew
	@$(RUN) uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-header \
	  requirements/runtime.in -o requirements/runtime.txt
	@$(RUN) uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-header \
	  -c requirements/runtime.txt requirements/dev.in -o requirements/dev.txt
	@$(RUN) uv pip compile --quiet --upgrade --python-version 3.11 --generate-hashes --no-header \
	  -c requirements/dev.txt requirements/bench.in -o requirements/bench.txt

clean: ## Delete the virtual environment and every cache in the checkout (the stacks' data stay)
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build plaudit.egg-info \
	  clients/python/build clients/python/src/plaudit_client.egg-info
	@find plaudit services shared console connectors clients tests tools bench -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/uv.stamp: Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Plaudit needs Python 3.11 or newer, and $(PYTHON) is older or missing." >&2; \
	  echo "Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "$(PYTHON) cannot make a virtual environment: on Debian and Ubuntu, apt-get install python3-venv" >&2; \
	  exit 1; }
	@$(RUN) pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

# Compiled once here: five services that each compile what they import start seconds later.
$(VENV)/runtime.stamp: requirements/runtime.txt pyproject.toml clients/python/pyproject.toml $(VENV)/uv.stamp
	@echo "Installing what Plaudit needs into $(VENV)"
	@$(RUN) uv pip install --quiet --python $(VENV)/bin/python --compile-bytecode --require-hashes \
	  -r requirements/runtime.txt
	@$(RUN) uv pip install --quiet --python $(VENV)/bin/python --no-deps --editable . --editable clients/python
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/runtime.stamp
	@echo "Installing the tools for development into $(VENV)"
	@$(RUN) uv pip install --quiet --python $(VENV)/bin/python --compile-bytecode --require-hashes \
	  -r requirements/dev.txt
	@touch $@

$(VENV)/bench.stamp: requirements/bench.txt $(VENV)/dev.stamp
	@echo "Installing what the benchmark compares with into $(VENV)"
	@$(RUN) uv pip install --quiet --python $(VENV)/bin/python --compile-bytecode --require-hashes \
	  -r requirements/bench.txt
	@touch $@
