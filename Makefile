# Lobule. Needs make and Python 3.11 or newer; everything else is fetched into this folder.
#
#   make run     the demo at http://127.0.0.1:8000 (another port: make run PORT=8001); Ctrl-C stops it
#   make test    the whole suite (a part of it: make test ARGS="tests/ml -k digest")
#   make check   what continuous integration runs: lint, types, contracts, settings, build, tests
#   make audit-lock   asks a database of known vulnerabilities about every pinned package
#   make bench   throughput and latency, printed beside the bare model's
#   make bench-intake   images a second, printed beside Orthanc's
#   make bench-package  a synthetic set of 10,000 pictures packed and uploaded: time and memory
#   make bench-audit    the audit trail: cost of writing, sealing, verification, who saw a patient
#   make lock    requirements.lock anew from pyproject.toml
#   make reset-demo   forget the demo's cases; make clean: forget everything that was built or stored

PYTHON ?= python3
PORT ?= 8000
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
# npm's own scripts look for `node` on the path.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
MANAGE := $(BIN)/python manage.py
RANDOM_32_BYTES := $(BIN)/python -c 'import base64, secrets; print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())'
# Production's settings need no server to be checked, only values of the right form.
PRODUCTION = env DJANGO_SETTINGS_MODULE=webapp.settings.production \
  SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
  DEIDENTIFICATION_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
  MFA_ENCRYPTION_KEY=$$($(RANDOM_32_BYTES)) AUDIT_SIGNING_KEY=$$($(RANDOM_32_BYTES)) \
  UPLOAD_SPOOL_DIR=$(CURDIR)/build/arriving DATABASE_URL=postgres://lobule@localhost/lobule REDIS_URL=redis://localhost STORAGE_URL=file://$(CURDIR)/build \
  ALLOWED_HOSTS=lobule.example CSRF_TRUSTED_ORIGINS=https://lobule.example
FRONT_END := package.json package-lock.json vite.config.js .npmrc

# Stamps say what is finished, so that a second run has nothing to fetch and an interrupted one is taken up again.
PYTHON_READY := $(VENV)/.python-ready
PACKAGES_READY := $(VENV)/.packages-ready
NODE_READY := node_modules/.packages-ready
FRONT_END_READY := static/dist/.ready

.DELETE_ON_ERROR:
.PHONY: setup run test lint ruff types contracts migrations production security-rows check audit-lock bench bench-intake bench-audit bench-package lock clean reset-demo

setup: $(PACKAGES_READY) $(FRONT_END_READY)

$(PYTHON_READY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Lobule needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)."; \
	  echo "Install one and name it, for example: make setup PYTHON=python3.12"; exit 1; }
	@echo "Making the Python environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV) || { \
	  echo "Python could not make a virtual environment; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@touch $@

# torch has no hash (see docs/adr/0002) and pip cannot mix, so it goes last: what it needs is there by then.
$(PACKAGES_READY): $(PYTHON_READY) requirements.lock
	@echo "Installing the Python packages of requirements.lock"
	@grep -v '^torch==' requirements.lock | $(PIP) --require-hashes --no-deps -r /dev/stdin
	@$(PIP) "$$(grep '^torch==' requirements.lock)"
	@touch $@

$(NODE_READY): $(PACKAGES_READY) package.json package-lock.json .npmrc
	@echo "Installing the front end's packages of package-lock.json"
	@$(NPM) ci --prefer-offline --no-audit --no-fund --loglevel=error
	@touch $@

$(FRONT_END_READY): $(NODE_READY) $(FRONT_END) $(shell find static/src 2>/dev/null)
	@echo "Building the front end"
	@$(NPM) run --silent build -- --logLevel warn
	@touch $@

run: setup
	@exec $(MANAGE) run_demo --port "$(PORT)"

test: setup
	@$(BIN)/python -m pytest $(ARGS)

lint: ruff types contracts migrations production security-rows

ruff: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

migrations: setup
	$(MANAGE) makemigrations --check --dry-run

production: setup
	$(PRODUCTION) $(MANAGE) check --deploy --fail-level WARNING

security-rows: setup
	$(BIN)/python tools/security_rows.py

check: lint test

audit-lock: setup
	@$(BIN)/python tools/audit_lock.py

bench: setup
	@$(BIN)/python benchmarks/fna_throughput.py $(ARGS)

bench-intake: setup
	@$(BIN)/python benchmarks/image_intake.py $(ARGS)

bench-audit: setup
	@$(BIN)/python benchmarks/audit.py $(ARGS)

bench-package: setup
	@$(BIN)/python benchmarks/synthetic_package.py $(ARGS)

# pip-tools sets torch apart at the end of the file, with the hashes of this machine's wheels only: written anew.
lock: $(PACKAGES_READY)
	$(BIN)/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-find-links \
	  --strip-extras --unsafe-package torch --no-header -o requirements.lock pyproject.toml
	@sed '/^# The following packages are considered/,$$d' requirements.lock > requirements.lock.new
	@echo '# No hash: the wheel differs between CPU and CUDA machines.' >> requirements.lock.new
	@grep -o 'torch==[0-9.]*' pyproject.toml >> requirements.lock.new
	@mv requirements.lock.new requirements.lock

clean: reset-demo
	rm -rf $(VENV) node_modules static/dist build
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

reset-demo:
	rm -rf var
