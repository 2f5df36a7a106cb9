# Every target does its own set-up in .venv; nothing is needed but Python 3.11+ and make.
#
#   make demo      read samples/ into results.csv and show what was read
#   make test      every check and every test: what CI runs
#   make check     formatting, lint, types and import layers, without the tests
#   make format    let ruff write the formatting
#   make install   everything in .venv, ready to work in (editable)
#   make clean     remove .venv and what the tools leave behind
#
# Another Python: make demo PYTHON=python3.12

VENV := .venv
ifeq ($(OS),Windows_NT)
PYTHON ?= python
BIN := $(VENV)/Scripts
else
PYTHON ?= python3
BIN := $(VENV)/bin
endif
VENV_PYTHON := $(BIN)/python
PIP := $(VENV_PYTHON) -m pip --disable-pip-version-check
STAMP := $(VENV_PYTHON) -c "import pathlib, sys; pathlib.Path(sys.argv[1]).touch()"

.DEFAULT_GOAL := demo
.PHONY: demo test tests check format lint types imports install clean

demo: $(VENV)/slim.stamp
	$(VENV_PYTHON) -m digitbatch run samples/pages --out results.csv --fresh

test: $(VENV)/full.stamp
	$(MAKE) -j2 check tests

# A file's tests stay together: they share the models that they train.
tests: $(VENV)/full.stamp
	$(VENV_PYTHON) -m pytest -q --numprocesses auto --dist loadfile

check: $(VENV)/full.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/full.stamp
	$(BIN)/ruff format .

lint: $(VENV)/full.stamp
	$(BIN)/ruff check .

types: $(VENV)/full.stamp
	$(BIN)/mypy

imports: $(VENV)/full.stamp
	$(BIN)/lint-imports

install: $(VENV)/full.stamp

clean:
	$(PYTHON) -c "import shutil; [shutil.rmtree(p, ignore_errors=True) for p in ('$(VENV)', '.mypy_cache', '.pytest_cache', '.ruff_cache', '.hypothesis', '.import_linter_cache', 'build', 'dist')]"

# The stamps are touched last: an install that was cut off is done again, a finished one costs nothing.
$(VENV)/venv.stamp:
	@$(PYTHON) -c "import sys; v = sys.version_info; v >= (3, 11) or sys.exit('digitbatch needs Python 3.11 or newer, but $(PYTHON) is %d.%d. Name another one: make PYTHON=python3.12' % v[:2])"
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --upgrade "pip>=25.1"
	@$(STAMP) $@

# What `run` needs on a CPU: seconds, where PyTorch takes minutes.
$(VENV)/slim.stamp: pyproject.toml constraints.txt $(VENV)/venv.stamp
	@echo Installing what reading pages needs into $(VENV)
	$(PIP) install --quiet --constraint constraints.txt --group slim
	$(PIP) install --quiet --no-deps --editable .
	@# As pip does for what is not editable: a run of a few pages would spend a fifth of its time on it.
	$(VENV_PYTHON) -m compileall -q digitbatch
	@$(STAMP) $@

$(VENV)/full.stamp: $(VENV)/slim.stamp
	@echo Installing everything into $(VENV): PyTorch is large, the first time takes a few minutes
	$(PIP) install --quiet --constraint constraints.txt --group dev --editable .
	@$(STAMP) $@
