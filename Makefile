# make demo   a magazine on this machine, published through the real pipeline
# make test   everything that must be true
# make storm  every promise against every fault, for as long as MINUTES says, from SEED on
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup checkov-env judges package demo test storm lighthouse bench cost lint lock clean

setup: .venv/.ready

# --no-deps: the lock names every package, with its hash.
.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info < (3, 14) else "Pressrun needs Python 3.11, 3.12 or 3.13; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.13 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# checkov pins an old boto3, so it lives in an environment of its own.
checkov-env: build/checkov/.ready

build/checkov/.ready: infra/checkov.lock
	$(PYTHON) -m venv --clear build/checkov
	build/checkov/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r infra/checkov.lock
	touch $@

# What judges the pages, from npm. Without npm or a network, the tests that need them skip, and say so; in CI they fail.
judges: tests/judges/node_modules/.package-lock.json

tests/judges/node_modules/.package-lock.json: tests/judges/package-lock.json
	-cd tests/judges && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch node_modules/.package-lock.json

# What infra/template.yaml deploys. TEMPLATES may name a folder with files that stand in for those of templates/.
package: setup
	$(BIN)/python -m pressrun.local.package

demo: setup
	$(BIN)/pressrun demo

test: lint checkov-env judges
	$(BIN)/python -m pytest -n 4 --dist worksteal

storm: setup
	$(BIN)/pressrun storm --seed $(or $(SEED),0) --minutes $(or $(MINUTES),10)

lighthouse: setup
	$(BIN)/python -m tests.browser.lighthouse

# What it costs in time, calls and dollars: writes docs/performance.md and docs/cost.md. With PEERS=folder, beside other generators.
bench: setup
	$(BIN)/python -m tests.bench $(if $(PEERS),--peers $(PEERS)) $(if $(WORK),--work $(WORK))

cost: setup
	$(BIN)/python -m tests.bench cost

lint: setup
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy --no-error-summary

# uv compiles the lock; no other target needs it.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --all-extras --quiet pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.13 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet -c requirements.lock pyproject.toml -o functions/requirements.lock
	echo checkov | uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet - -o infra/checkov.lock

clean:
	rm -rf .venv build dist
