# Everything from a machine with Python 3.11 and make: `make book`, `make test`.

VENV   := .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
PYTHON ?= $(firstword $(foreach name,python3.11 python3 python,$(shell command -v $(name) 2>/dev/null)))
READY  := $(VENV)/.ready
VENDOR := book/_static/vendor/mathjax/.complete
LINKER := $(VENV)/.linker
BUILD  := $(BIN)/jupyter-book build . --path-output . -W -n --keep-going -q

# Nothing is built from source on the way. Where a package has no wheel (64-bit ARM under Linux): BINARY=
BINARY ?= --only-binary :all:

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL := help
.PHONY: help setup book site test lint lab refresh results bench lock clean

help:  ## this list
	@awk -F ":.*  ## " '/^[a-z]+:.*  ## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

setup: $(READY) $(VENDOR) $(LINKER)  ## install everything that the book and the tests need into .venv

# Every file that is fetched has to have a hash of the lock; pip itself comes first. Then a build of torch that
# lies on this machine, if pip is told where (--find-links): by itself pip takes the one that an index announces
# with its hash, and with it gigabytes of CUDA. The library is built with the locked setuptools.
$(READY): requirements.lock constraints.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "no Python found; set PYTHON=/path/to/python3.11"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; $(PYTHON) is older (set PYTHON=...)"; exit 1; }
	test -x $(PY) || "$(PYTHON)" -m venv $(VENV)
	sed -n '/^pip==/,/[^\\]$$/p' requirements.lock > $(VENV)/pip.lock
	sed -n '/^torch==/,/[^\\]$$/p' requirements.lock > $(VENV)/torch.lock
	$(PY) -m pip install --quiet --require-hashes -r $(VENV)/pip.lock
	@$(PY) -m pip install --quiet --require-hashes --no-index --no-deps -r $(VENV)/torch.lock 2> $(VENV)/torch.log || true
	$(PY) -m pip install --quiet --require-hashes $(BINARY) -r requirements.lock
	$(PY) -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# Never fails: without these files the pages fall back to a CDN, the next run tries again, and `make site`
# refuses such pages.
$(VENDOR): package-lock.json tools/vendor.py | $(READY)
	@$(PY) tools/vendor.py

# Never fails either: without a linker the pages keep their static players, and the book's build says so.
$(LINKER): linker.lock | $(READY)
	@$(PY) -m pip install --quiet --require-hashes --no-deps --only-binary :all: -r linker.lock && touch $@ \
	  || echo "No linker of WebAssembly (linker.lock): the pages will keep their static players"

book: setup  ## build the book into _build/html
	$(BUILD)
	@echo "The book is in _build/html/index.html"

site: book  ## build the book as it is published: a page that loads from another host is refused
	$(PY) tools/vendor.py --check _build/html

lint: $(READY)  ## check the style of the code, notebooks included, and which room imports which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache --no-logo

test: setup lint  ## check the style, the library, its examples, every notebook, and every page of the book
	@tools/chromium.sh
	# Memory comes filled with 0x7f, a great number in each format: who reads what was never written gets caught.
	MALLOC_PERTURB_=128 $(PY) -m pytest -n logical --maxprocesses 4 --dist loadfile \
	  --doctest-modules --nbval-lax --nbval-current-env lib tests book

lab: setup  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab --notebook-dir=.

refresh: setup  ## run every notebook of the book again (or NOTEBOOK=...) and store what it shows
	$(PY) tools/refresh.py $(NOTEBOOK)

results: $(READY)  ## compute every result at the papers' own size (hours; a stopped run continues)
	$(BIN)/jscc run --all --scale paper

bench: $(READY)  ## time our kernels beside those of other libraries
	@set -e; for script in benchmarks/bench_*.py; do echo "== $$script"; $(PY) "$$script"; done

lock:  ## write the hashes of all pinned packages into the lock files (after a pin was changed)
	@test -x $(PY) || { echo "make setup first"; exit 1; }
	$(PY) tools/lock.py

clean:  ## remove what was built (the environment and the results stay)
	rm -rf _build book/_static/vendor .pytest_cache .ruff_cache .hypothesis
	find lib tests tools benchmarks book -name __pycache__ -prune -exec rm -rf {} +
