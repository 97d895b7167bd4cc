# Everything happens in .venv, and nothing is done twice: the files .venv/.* remember what is installed.

PYTHON ?= python3
EXPERIMENT ?= configs/concrete.toml
ARGS ?=
WORKERS ?= 2

BIN := .venv/bin
AZURE := $(if $(shell "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' && echo 1),azureml) azureml-v2
TESTS_azureml := tests/azureml_v1 tests/cloud tests/contract
TESTS_azureml-v2 := tests/azureml_v2 tests/cloud tests/contract
SOURCES := $(shell find concrete_cli backends steps tests/emulators -name '*.py' 2>/dev/null)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DELETE_ON_ERROR:
.PHONY: help train test lint format lock clean

help: ## list these targets
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile | expand -t 16

train: .venv/.compiled ## run EXPERIMENT (default configs/concrete.toml); ARGS go to `concrete train`
	$(BIN)/concrete train "$(EXPERIMENT)" $(ARGS)

# What fails while two workers share the processors is tried once more, alone: some tests wait for
# processes, with limits that a machine under load may miss. A real failure fails again.
ALONE = --last-failed --last-failed-no-failures none
# The suite over all backends runs in .venv for the backend local, and per SDK for the others.
CLOUD = -m "not live and not local"
test: .venv/.dev .venv/.compiled lint $(AZURE:%=.venv-%/.ready) ## install what the tests need; linters, type checks, all tests
	export CONCRETE_INFERENCE_SERVER=$(CURDIR)/.venv-azureml-v2/bin/azmlinfsrv; \
	  $(BIN)/python -m pytest -n $(WORKERS) $(ARGS) || $(BIN)/python -m pytest $(ALONE) $(ARGS)
	@for sdk in $(AZURE); do \
	  case $$sdk in azureml) tests="$(TESTS_azureml)";; *) tests="$(TESTS_azureml-v2)";; esac; \
	  echo "tests of the backend $$sdk"; python=.venv-$$sdk/bin/python; \
	  $$python -m pytest -n $(WORKERS) --dist loadgroup $(CLOUD) $$tests $(ARGS) \
	    || $$python -m pytest $(ALONE) $(CLOUD) $$tests $(ARGS) || exit 1; \
	done

lint: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: .venv/.dev ## fix what ruff can fix, then format
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

.venv/.made:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "error: concrete needs Python 3.11 or later; '$(PYTHON)' is not" >&2; \
	  echo "help:  make PYTHON=/path/to/python3.12 ..." >&2; exit 1; }
	"$(PYTHON)" -m venv .venv
	@touch $@

# pip compiles what it installs, whatever PYTHONDONTWRITEBYTECODE says. The project is installed
# in place, so that a changed step or experiment counts at once.
.venv/.base: requirements.lock pyproject.toml .venv/.made
	$(BIN)/python -m pip install --quiet --compile -r requirements.lock
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.base
	$(BIN)/python -m pip install --quiet --compile -r requirements-dev.lock
	@touch $@

# The two SDKs of Azure ML pin each other's libraries, and some of ours: each has its own
# environment. SDK v1 exists for Python 3.11 only.
.venv-%/.ready: requirements-%.lock pyproject.toml .venv/.made
	.venv/bin/python -m venv .venv-$*
	.venv-$*/bin/python -m pip install --quiet --compile -r requirements-$*.lock
	PYTHONWARNINGS=ignore .venv-$*/bin/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.compiled: $(SOURCES) .venv/.base
	@$(BIN)/python -m compileall -q concrete_cli backends steps tests/emulators
	@touch $@

# The newest versions that suit each other and the extras azureml-v2 and mlflow too, so that adding
# one of these to an installed .venv changes next to nothing. (azureml holds back numpy and pyarrow.)
UV = .venv-lock/bin/uv pip compile pyproject.toml build/build.in --quiet --universal --python-version 3.11 \
     --fork-strategy fewest --no-annotate --no-header
lock: ## resolve anew and write requirements.lock and requirements-dev.lock
	"$(PYTHON)" -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --upgrade uv
	mkdir -p build
	printf 'setuptools>=77\n' > build/build.in
	$(UV) --extra dev --extra azureml-v2 --extra mlflow --upgrade --output-file build/all.txt
	$(UV) --constraints build/all.txt --upgrade --output-file requirements.lock
	$(UV) --constraints build/all.txt --upgrade --extra dev --output-file requirements-dev.lock

clean: ## remove what can be made again; runs in .concrete stay
	rm -rf .venv .venv-* build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find concrete_cli backends steps tests benchmarks -name __pycache__ -prune -exec rm -rf {} +
