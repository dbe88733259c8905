# make run: measure this machine. make test: everything that must hold. make bench: the figures. make help: the rest.
VENV   ?= .venv
BIN    := $(VENV)/bin
PYTHON ?= python3

.DEFAULT_GOAL := help
.PHONY: help run test test-packages lint bench clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, $$($(PYTHON) --version) was found; try make PYTHON=python3.12 run" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "The venv module is missing: install it with 'apt install python3-venv'" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml | $(BIN)/pip
	@echo "Installing readycheck into $(VENV) …" >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml $(VENV)/installed
	@$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/pip install --quiet --disable-pip-version-check --group dev
	@touch $@

run: $(VENV)/installed ## Install, then measure this machine against the embedded lab; no network, no root
	@$(BIN)/readycheck run $(ARGS); status=$$?; [ $$status -eq 0 ] || echo "exit status $$status" >&2; exit $$status

test: $(VENV)/installed-dev test-packages lint ## Install what the tests need and run every test
	$(BIN)/pytest --numprocesses 2 --dist loadfile

test-packages: ## Install the Debian packages that the live tests drive, where this may be done
	@sh tests/install-packages.sh

lint: $(VENV)/installed-dev ## Style, types, and which room may import which
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 readycheck
	$(BIN)/mypy --platform darwin --cache-dir .mypy_cache/darwin readycheck
	$(BIN)/lint-imports

bench: $(VENV)/installed-dev test-packages ## Measure what the README claims; all of it, whatever does not hold
	@failed=; for one in run pac rollup proxy sequential reflector voice_path bandwidth workstation; do \
	  echo "benchmarks/$$one.py"; $(BIN)/python benchmarks/$$one.py || failed="$$failed $$one"; \
	done; [ -z "$$failed" ] || { echo "does not hold:$$failed" >&2; exit 1; }

clean: ## Remove what was installed and built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
