# Two commands matter: `make demo` and `make test`. Everything they do is in tools/ and demo/.
PYTHON ?= /usr/bin/python3
QGIS_PYTHON := .venv/qgis/bin/python
ENGINE_PYTHON := .venv/engine/bin/python

.DEFAULT_GOAL := help
.PHONY: help setup demo test gate lint package strings bench lock clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@printf '\n  make demo IMAGE=raster.tif | EMBEDDINGS=file.parquet    the demo on your own data\n'
	@printf '  make test TESTS="tests/plugin -k dock"                  a part of the tests\n'

setup: ## install QGIS where it is missing (as root) and make .venv/engine and .venv/qgis
	@$(PYTHON) -m tools.setup

demo: setup ## run the main job: in QGIS where there is a screen, by itself where there is none
	@$(PYTHON) demo/run.py --image "$$IMAGE" --embeddings "$$EMBEDDINGS"

test: setup ## run every test: gate, engine, services, plugin, desktop
	@$(PYTHON) -m tools.run_tests $(TESTS)

gate: setup ## scan the package the way the QGIS plugin repository does
	@$(QGIS_PYTHON) -m tools.gate

lint: setup ## check style, imports and formatting
	@$(QGIS_PYTHON) -m ruff check .
	@$(QGIS_PYTHON) -m ruff format --check .

package: ## build build/cdse_qgis_plugin.zip, which QGIS installs
	@$(PYTHON) -m tools.package

strings: ## collect the sentences to translate into i18n/
	@$(PYTHON) -m tools.update_strings

bench: setup ## measure, beside peers, and print tables
	@$(ENGINE_PYTHON) -m benchmarks.run_all

lock: setup ## pin every requirement anew, with hashes
	@$(PYTHON) tools/lock.py

clean: ## remove what was made here, environments included
	rm -rf build .venv .pytest_cache .ruff_cache .hypothesis .qgis-settings
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
