PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LINKS := .typecheck/churon

.PHONY: demo test check links clean

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[embedded]'
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/pip install --quiet --editable '.[embedded,dev]'
	touch $@

demo: $(VENV)/.installed
	$(BIN)/churon demo

test: $(VENV)/.dev
	$(BIN)/churon models pull --quick
	$(BIN)/python -m pytest

check: $(VENV)/.dev links
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .typecheck/churon
	PYTHONPATH=.typecheck $(BIN)/lint-imports

# Type checkers and import-linter cannot follow setuptools' package-dir: give them a link tree.
links:
	mkdir -p $(LINKS)
	for name in graphs nodes tools; do ln -sfn ../../$$name $(LINKS)/$$name; done
	for path in churon/*; do ln -sfn ../../$$path $(LINKS)/$$(basename $$path); done

clean:
	rm -rf $(VENV) .typecheck .churon build dist *.egg-info
