# Everything a newcomer or a machine needs. The virtual environment is made on first use: with uv if present, else uv is
# installed into it.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
STAMP := $(VENV)/.installed

.PHONY: run serve test test-long bench lint format clean browser

run: $(STAMP)  ## assess a real example and print the answer
	@$(BIN)/soleus assess examples/night_cramps_68.toml

serve: $(STAMP)  ## open the pages in your browser
	@$(BIN)/soleus serve

# The tests of the pages need a real browser; Debian's and Ubuntu's package is taken where there is none.
browser:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || \
	  { echo "installing chromium for the tests of the pages"; SUDO=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	    $$SUDO apt-get update -qq && $$SUDO apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || \
	  { echo "no Chromium: install it (Debian: apt-get install chromium), the tests of the pages need it"; exit 1; }

test: $(STAMP) browser  ## lint, types, import rules, evidence rules and all tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/soleus evidence check
	$(BIN)/pytest -q

test-long: $(STAMP) browser  ## the tests that take longer than make test may
	$(BIN)/pytest -q -m long -o addopts="--import-mode=importlib"
	HYPOTHESIS_PROFILE=wide $(BIN)/pytest -q tests/property

bench: $(STAMP) browser  ## accuracy on published cases and questions, speed beside peers
	$(BIN)/uv sync --quiet --frozen --group bench
	$(BIN)/python -m benchmarks.accuracy
	$(BIN)/python -m benchmarks.commands
	$(BIN)/python -m benchmarks.diary
	$(BIN)/python -m benchmarks.pages
	$(BIN)/python -m benchmarks.web_taps
	$(BIN)/python -m benchmarks.inference
	$(BIN)/python -m benchmarks.growth
	$(BIN)/python -m benchmarks.screen

lint: $(STAMP)
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

# uv lives in the environment too, so that every later target has it whatever the machine came with.
$(STAMP): pyproject.toml uv.lock
	@test -x $(BIN)/python || { command -v uv >/dev/null && uv venv --quiet --seed --python $(PYTHON) $(VENV); } || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.5"
	@VIRTUAL_ENV=$(abspath $(VENV)) $(BIN)/uv sync --quiet --frozen --inexact --compile-bytecode --group dev
	@$(BIN)/python -m compileall -q src
	@$(BIN)/soleus evidence snapshot
	@touch $(STAMP)

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis src/soleus/knowledge/snapshot*.json
