# Everything from a machine with Python 3.11 and make: `make book`, `make test`.

VENV   := .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
PYTHON ?= $(firstword $(foreach name,python3.11 python3 python,$(shell command -v $(name) 2>/dev/null)))
READY  := $(VENV)/.ready
VENDOR := book/_static/vendor/mathjax/.complete
BUILD  := $(BIN)/jupyter-book build . --path-output . -W -n --keep-going -q

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help setup book test lint lab refresh results bench clean

help:  ## this list
	@awk -F ":.*  ## " '/^[a-z]+:.*  ## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

setup: $(READY) $(VENDOR)  ## install everything that the book and the tests need into .venv

$(READY): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python found; set PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; $(PYTHON) is older (set PYTHON=...)"; exit 1; }
	test -x $(PY) || "$(PYTHON)" -m venv $(VENV)
	$(PY) -m pip install --quiet -r requirements.lock
	$(PY) -m pip install --quiet --no-deps -e .
	@touch $@

# Never fails: without these files the pages fall back to a CDN, and the next run tries again.
$(VENDOR): package-lock.json tools/vendor.py | $(READY)
	@$(PY) tools/vendor.py

book: setup  ## build the book into _build/html
	$(BUILD)
	@echo "The book is in _build/html/index.html"

lint: $(READY)  ## check the style of the code, notebooks included
	$(BIN)/ruff check .

test: setup lint  ## check the style, the library, every notebook, and every page of the book
	@tools/chromium.sh
	$(PY) -m pytest --nbval-lax --nbval-current-env tests book

lab: setup  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab --notebook-dir=.

refresh: setup  ## run every notebook of the book again (or NOTEBOOK=...) and store what it shows
	$(PY) tools/refresh.py $(NOTEBOOK)

results: $(READY)  ## compute every result at the papers' own size (hours; a stopped run continues)
	$(BIN)/jscc run --all --scale paper

bench: $(READY)  ## time our kernels beside those of other libraries
	@set -e; for script in benchmarks/bench_*.py; do echo "== $$script"; $(PY) "$$script"; done

clean:  ## remove what was built (the environment and the results stay)
	rm -rf _build book/_static/vendor .pytest_cache .ruff_cache .hypothesis
	find lib tests tools benchmarks book -name __pycache__ -prune -exec rm -rf {} +
