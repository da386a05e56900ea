PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LINKS := .typecheck/churon

.PHONY: demo test check extras links clean

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[embedded]'
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --editable '.[embedded,dev]'
	touch $@

# What else tests can use, and skip without: cross-encoders (with one torch build, so that all
# machines test the same), the libraries of the adapters, others' metrics, a real Milvus server, and
# schemathesis in an environment of its own (its jsonschema-rs is not the one that LangGraph's
# server wants).
extras: $(VENV)/.dev
	$(BIN)/pip install --quiet 'torch==2.13.0' --editable '.[rerank,adapters,postgres,server-tests,page-tests,eval-tests,wandb]'
	$(PYTHON) -m venv $(VENV)/schemathesis
	$(VENV)/schemathesis/bin/pip install --quiet 'schemathesis>=4.30,<5'

demo: $(VENV)/.installed
	$(BIN)/churon demo

test: $(VENV)/.dev
	$(BIN)/churon models pull --quick
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile -m 'not alone'
	$(BIN)/python -m pytest -m alone

check: $(VENV)/.dev links
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .typecheck/churon
	rm -rf build/imports && mkdir -p build/imports && cp -RL $(LINKS) build/imports
	cd build/imports && ../../$(BIN)/lint-imports --no-logo --config ../../pyproject.toml

# Type checkers cannot follow setuptools' package-dir: they get a link tree. import-linter follows
# no links and looks in the working folder first: it gets a copy.
links:
	mkdir -p $(LINKS)
	for name in graphs nodes tools; do ln -sfn ../../$$name $(LINKS)/$$name; done
	for path in churon/*; do ln -sfn ../../$$path $(LINKS)/$$(basename $$path); done

clean:
	rm -rf $(VENV) .typecheck .churon build dist *.egg-info
