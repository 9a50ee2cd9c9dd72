# What a developer does, one word each. Every target makes its own .venv first, from hashed locks only.
# Needs python3 (3.11 or newer, with venv), git and make; nothing else.

PYTHON ?= python3
# One more than there are cores: much of what tests do is to wait for a server.
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1) + 1)

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check -qq
INSTALL := $(PIP) install --no-compile --require-hashes --only-binary :all:
LOCKED := $(VENV)/.locked
RUNNABLE := $(VENV)/.runnable
READY := $(VENV)/.ready
WARM := $(VENV)/.warm

# Bytecode is kept, also where the environment says not to, but with the packages and not in the tree: without it every
# process that a test starts compiles all of its libraries first, which takes longer than what it is started for.
export PYTHONPYCACHEPREFIX := $(CURDIR)/$(VENV)/bytecode
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SILENT:
.PHONY: help demo test check format soak replay bench lock clean

help:
	echo "make demo     the whole story against stand-in tools, in about a minute (JIRA=dc, ESP=mailchimp, ESP=brevo, ESP=\"klaviyo brevo\")"
	echo "make test     checks, then every test"
	echo "make check    style, types, import contracts, Dockerfile and compose file"
	echo "make format   let ruff tidy the code"
	echo "make soak     the long runs: simulation, kills, planted bugs (SEEDS=1000000 PARTS=\"simulation crash\")"
	echo "make replay   one schedule of the simulation again, shrunk if it fails (SEED=17)"
	echo "make bench    the measurements (WHAT=\"engine decode\", LARGE=1, PROFILE=delta: where that step's time goes)"
	echo "make lock     pin the dependencies anew (UPGRADE=1 takes the newest)"
	echo "make clean    remove .venv, caches, the demo's folder and built packages"

# A changed lock means a new environment: leftovers of the old one would hide a missing dependency.
# --only-binary: building a package from source would fetch build tools that no lock names.
$(LOCKED): requirements/runtime.txt requirements/build.txt requirements/dev.txt
	command -v "$(PYTHON)" >/dev/null || { \
	  echo "campaign-sync needs Python 3.11 or newer; there is no $(PYTHON) here. Name yours: make PYTHON=/path/to/python" >&2; exit 1; }
	"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "campaign-sync needs Python 3.11 or newer; $(PYTHON) is $$("$(PYTHON)" --version 2>&1). Name a newer one: make PYTHON=python3.12" >&2; exit 1; }
	"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) lacks its venv module. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	echo "Installing campaign-sync into $(VENV) (half a minute, once) ..."
	"$(PYTHON)" -m venv --clear $(VENV)
	$(INSTALL) -r requirements/runtime.txt -r requirements/build.txt
	touch $@

$(RUNNABLE): $(LOCKED) pyproject.toml
	$(PIP) install --no-deps --no-build-isolation -e .
	touch $@

# The developer's tools come on top, so that whoever only wants the demo waits half as long.
$(READY): $(LOCKED) | $(RUNNABLE)
	echo "Installing the developer's tools (a minute, once) ..."
	$(INSTALL) -r requirements/dev.txt
	touch $@

demo: $(RUNNABLE)
	$(VENV)/bin/campaign-sync demo $(if $(JIRA),--jira $(JIRA)) $(foreach esp,$(ESP),--esp $(esp))

# In a new environment one core has the tests and all that they import compiled while another one checks the types;
# otherwise every worker would do it. Tests are dealt out as they come and taken over from whoever has most left.
test: $(READY)
	[ -e $(WARM) ] || { $(PY) -m pytest -q --collect-only >/dev/null 2>&1; touch $(WARM); } & \
	$(MAKE) --no-print-directory check && wait
	$(PY) -m pytest -q -n $(WORKERS) --dist worksteal

check: $(READY)
	$(PY) -m ruff check --quiet
	$(PY) -m ruff format --check --quiet || { echo "Not formatted; run: make format" >&2; exit 1; }
	$(PY) -m mypy --no-error-summary
	$(VENV)/bin/lint-imports --no-logo >$(VENV)/imports.log || { cat $(VENV)/imports.log >&2; exit 1; }
	$(VENV)/bin/hadolint docker/Dockerfile
	$(VENV)/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker/compose.yaml
	echo "Checks passed."

format: $(READY)
	$(PY) -m ruff check --fix --quiet
	$(PY) -m ruff format --quiet

soak: $(READY)
	$(PY) -m tests.soak $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FIRST),--first $(FIRST)) $(if $(PARTS),--parts $(PARTS))

replay: $(READY)
	$(PY) -m tests.simulation $(if $(SEED),--seed $(SEED)) $(if $(SCHEDULE),--schedule "$(SCHEDULE)")

bench: $(READY)
	$(PY) -m benchmarks $(WHAT) $(if $(LARGE),--large) $(if $(PROFILE),--profile "$(PROFILE)") \
	  $(if $(PEER_PYTHON),--peer-python "$(PEER_PYTHON)") $(if $(OUT),--out "$(OUT)")

# The header and the hashes come from the registry alone: no configuration of this machine gets in, no host and no path gets out.
COMPILE = UV_CUSTOM_COMPILE_COMMAND="make lock" $(VENV)/bin/uv --no-config --quiet pip compile --universal --python-version 3.11 \
  --generate-hashes --annotation-style line --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade)

lock: $(READY)
	$(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) requirements/build.in -o requirements/build.txt
	$(COMPILE) pyproject.toml requirements/dev.in -o requirements/dev.txt

clean:
	rm -rf $(VENV) demo build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
