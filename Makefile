# make bench   fresh machine: environment, data, the main job, a report
# make test    environment and all tests
# make check   what CI runs: ruff, mypy --strict, tests
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DATA ?= data/simulated
OUT ?= out/bench
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help env bench data test check lint pins clean

help:
	@sed -n 's/^# //p' Makefile

env: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 11) <= v < (3, 14) else f"edgebench needs Python 3.11 to 3.13 on the host, this is {v.major}.{v.minor}. Use: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	if command -v uv >/dev/null; then uv pip install --quiet --python $(BIN)/python --compile-bytecode -c constraints.txt -e '.[dev]'; \
	else $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'; fi
	touch $@

data: env
	$(BIN)/edgebench data simulate $(DATA)

# Measures on this machine, into $(OUT): the committed results/ stay as they are.
bench: env data
	$(BIN)/edgebench convert reduced --to all
	$(BIN)/edgebench run --suite table7 --data $(DATA) --results $(OUT)
	$(BIN)/edgebench report --results $(OUT)

test: env
	$(BIN)/python -m pytest -n 2

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test
	$(BIN)/edgebench report --check

pins:
	uv pip compile pyproject.toml --extra dev --python-version 3.11 --universal --no-emit-index-url --no-header --no-annotate -q -o constraints.txt

clean:
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache
