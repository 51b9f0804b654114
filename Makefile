# make bench   fresh machine: environment, data, the main job, a report; its last line names the page to open
# make test    environment and all tests
# make check   what CI runs: ruff, mypy --strict, tests
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DATA ?= data/simulated
OUT ?= out/bench
TARGETS := $(foreach format,tflite onnx openvino,--to $(format)-float32 --to $(format)-int8)
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help env bench data results test check lint docs pins clean

help:
	@sed -n 's/^# //p' Makefile

env: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 11) <= v < (3, 14) else f"edgebench needs Python 3.11 to 3.13 on the host, this is {v.major}.{v.minor}. Use: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	if command -v uv >/dev/null; then uv pip install --python $(BIN)/python -c constraints.txt -e '.[dev]'; \
	else $(BIN)/python -m pip install --progress-bar off --disable-pip-version-check --no-compile -c constraints.txt -e '.[dev]'; fi
	touch $@

data: env
	$(BIN)/edgebench data simulate $(DATA)

# Converts and measures on this machine, into $(OUT): the committed models/ and results/ stay as they are. One model of
# the two, and fewer timed calls than the suite's own, so that it ends within ten minutes; the report says so (SHORT).
bench: env data
	mkdir -p $(OUT)/models/reduced
	cp models/reduced/model.keras models/reduced/card.json models/reduced/calibration.npz $(OUT)/models/reduced/
	$(BIN)/edgebench convert reduced $(TARGETS) --models $(OUT)/models --data $(DATA) --force
	$(BIN)/edgebench run --suite table7 --model reduced --quick --data $(DATA) --models $(OUT)/models --results $(OUT)
	$(BIN)/edgebench report --results $(OUT)

# What results/ holds: the whole suite, on a machine that does nothing else (an hour and more).
results: env data
	for model in original reduced; do $(BIN)/edgebench convert $$model $(TARGETS) --data $(DATA) || exit 1; done
	$(BIN)/edgebench run --suite table7 --data $(DATA)
	$(BIN)/edgebench run --suite reference --data $(DATA)
	$(BIN)/edgebench report

test: env
	$(BIN)/python -m pytest -n 2

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test
	$(BIN)/edgebench report --check

docs: env
	$(BIN)/python docs/cli.py

pins:
	uv pip compile pyproject.toml --extra dev --extra peers --python-version 3.11 --universal --no-emit-index-url --no-header --no-annotate -q -o constraints.txt

clean:
	rm -rf $(VENV) out .pytest_cache .mypy_cache .ruff_cache
