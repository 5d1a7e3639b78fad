# The two commands of a clone: `make study` and `make test`. Each sets up .venv from nothing when needed.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PROFILE ?= quick
INSTALL := pip install --quiet --disable-pip-version-check --no-compile --require-hashes --requirement

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

.PHONY: help study test test-unit check notebook bench lock clean

help:
	@echo 'make study   train the quick study on Fashion-MNIST and write its report (PROFILE=full for more)'
	@echo 'make test    lint, types and all tests'
	@echo 'make check   lint, import order and types alone'
	@echo 'make notebook   execute the notebook from the published runs'
	@echo 'make bench   training throughput beside Keras-TensorFlow and PyTorch, and its costs (BENCH=--quick for less)'
	@echo 'make lock    resolve the requirement sets anew (for maintainers)'
	@echo 'make clean   remove the environments'

study: $(VENV)/run.stamp
	$(BIN)/convbias study $(PROFILE) --dataset auto

test: $(VENV)/test.stamp .venv-serve/stamp .venv-toolkit/stamp check
	sh tests/system_packages.sh
	$(BIN)/pytest --numprocesses auto --dist loadfile --no-loadscope-reorder

test-unit: $(VENV)/test.stamp
	$(BIN)/pytest --numprocesses auto --dist loadfile -m "not integration and not end_to_end" tests

# Without a limit, pyright's heap grows to 2 GB.
check: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	NODE_OPTIONS=--max-old-space-size=1536 $(BIN)/pyright

notebook: $(VENV)/test.stamp
	$(BIN)/python -m tools.notebook

bench: $(VENV)/run.stamp .venv-bench/stamp
	$(BIN)/python -m benchmarks.throughput $(BENCH)
	$(BIN)/python -m benchmarks.cost $(BENCH)

$(VENV)/run.stamp: requirements/run.lock pyproject.toml
	$(call create,$(VENV),requirements/run.lock)
	@touch $@

# The test set holds the run set, so one installation serves both.
$(VENV)/test.stamp: requirements/test.lock requirements/run.lock pyproject.toml
	$(call create,$(VENV),requirements/test.lock)
	@touch $(VENV)/run.stamp $@

# What the container holds, and AWS's inference toolkit: each as it would be on its own.
.venv-serve/stamp: requirements/serve.lock pyproject.toml
	$(call make-venv,.venv-serve)
	$(call install-locked,.venv-serve,requirements/serve.lock)
	@.venv-serve/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv-toolkit/stamp: requirements/toolkit.lock
	$(call make-venv,.venv-toolkit)
	$(call install-locked,.venv-toolkit,requirements/toolkit.lock)
	@touch $@

# The CPU build of PyTorch where pip is configured to find it; else the registry's, whose CUDA
# libraries are gigabytes that are needed to import it and not used.
.venv-bench/stamp: requirements/bench.lock requirements/bench-torch.lock requirements/bench-torch-cpu.lock
	$(call make-venv,.venv-bench)
	$(call install-locked,.venv-bench,requirements/bench.lock)
	@.venv-bench/bin/$(INSTALL) requirements/bench-torch-cpu.lock 2> /dev/null || \
		.venv-bench/bin/$(INSTALL) requirements/bench-torch.lock
	@touch $@

define make-venv
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("convbias needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + "; name a newer one: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@test -x $(1)/bin/python || $(PYTHON) -m venv $(1)
endef

define install-locked
	@echo 'Installing $(2) into $(1) (once)'
	@$(1)/bin/$(INSTALL) $(2)
endef

define create
	$(call make-venv,$(1))
	$(call install-locked,$(1),$(2))
	@$(1)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
endef

lock:
	sh requirements/lock.sh

clean:
	rm -rf $(VENV) .venv-bench .venv-serve .venv-toolkit
