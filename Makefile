# make timeline: the timeline of the article in corpus/.   make test: everything CI checks.   make test-all: also the slow tests.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3)
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
ARTICLE := corpus/fonc-2025-1559085.txt

.PHONY: timeline test test-all lint evaluate benchmark clean

# Each stamp is newer than what it was made from, so that a second run installs nothing.
$(VENV)/program: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13) and "extractor needs Python 3.11 or 3.12: make PYTHON=python3.11")'
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt --editable .
	touch $@

$(VENV)/tests: $(VENV)/program
	$(PIP) install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

timeline: $(VENV)/program
	$(VENV)/bin/extractor extract $(ARTICLE) --output corpus --table

lint: $(VENV)/tests
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

test: lint
	$(VENV)/bin/pytest -n 2 -m "not slow"

test-all: lint
	$(VENV)/bin/pytest -n 2

# The accuracy on the development gold, into benchmarks/accuracy.json and the README; WITH='--html page.html' for every error in its sentence.
EXTRACTOR_SHARED ?= ../shared
evaluate: $(VENV)/program
	$(VENV)/bin/python benchmarks/accuracy.py $(EXTRACTOR_SHARED)/gold/dev --unseen $(EXTRACTOR_SHARED)/corpora $(WITH)

# Speed beside others, and how a batch grows, into benchmarks/; an hour on a quiet machine. WITH=--small for a minute.
$(VENV)/bench: $(VENV)/program
	$(PIP) install --quiet --constraint constraints.txt --editable '.[bench]'
	touch $@

benchmark: $(VENV)/bench
	$(VENV)/bin/python benchmarks/benchmark.py $(wildcard $(EXTRACTOR_SHARED)/gold/dev) $(WITH)

clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .hypothesis corpus/*.json
