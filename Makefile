# Everything runs in .venv, which the first target that needs it makes: a clean clone needs
# python3 (3.11 or newer), make and git, and nothing from Debian's python3-venv.
#
# pip takes the package index from its usual configuration. On Linux the public index serves
# torch with several GB of CUDA libraries; without a GPU, take the small build instead:
#     PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make demo
# (constraints.txt asks for torch==X, which X+cpu satisfies). It is not set here, for where that
# host cannot be reached, pip would not install at all.

PYTHON ?= python3
JOBS ?= 2

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt

# Stamps: an install is repeated only when what it was made from is newer.
MADE := $(VENV)/.made
INSTALLED := $(VENV)/.installed
INSTALLED_STUDIO := $(VENV)/.installed-studio
INSTALLED_DEV := $(VENV)/.installed-dev
SOURCES := $(MADE) pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo studio test lint web web-check chromium format clean

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

DEMO := --seed 14 --point 608,762:636,722

demo: $(INSTALLED) ## drag the corner of a mouth: before, after and an animation under demo/
	$(BIN)/tugan drag $(DEMO) --steps 0 --overlay --out demo/before.png
	$(BIN)/tugan drag $(DEMO) --out demo/after.png \
		--video demo/drag.gif --save-project demo/drag.tugan
	@echo "Look at demo/before.png, demo/after.png and demo/drag.gif"

studio: $(INSTALLED_STUDIO) ## open the studio in the browser
	$(BIN)/tugan studio

# Two torch processes with default threads on two cores slow each other down some 30 times, so
# each test process keeps to one thread.
test: lint web-check chromium ## lint, check types, imports and the page, then run the tests (JOBS=2)
	OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS)

lint: $(INSTALLED_DEV) ## check style, format, types and import contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

web: $(INSTALLED_DEV) ## build the studio's page from web/ into the package (needs Node 20.19 or newer)
	cd web && npm ci --no-audit --no-fund
	cd web && PYTHON=$(CURDIR)/$(BIN)/python npm run messages && npm run build

web-check: $(INSTALLED_DEV) ## lint and test the page; is the committed build fresh?
	$(BIN)/python tools/check_web.py

# The browser tests skip themselves, with the reason, where there is no Chromium.
chromium:
	@command -v chromium >/dev/null || { \
		[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
		echo "installing Chromium for the browser tests" && apt-get update -qq && \
		DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
			chromium fonts-liberation >/dev/null; } || \
		echo "there is no Chromium here and it cannot be installed: browser tests will be skipped"

format: $(INSTALLED_DEV) ## rewrite the sources in the project's format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	cd web && npm run format

clean: ## remove .venv, the demo's pictures, caches and builds
	rm -rf $(VENV) web/node_modules demo build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests tools -name __pycache__ -prune -exec rm -rf {} +

$(MADE): tools/make_venv.py
	$(PYTHON) tools/make_venv.py $(VENV)
	@touch $@

$(INSTALLED): $(SOURCES)
	$(INSTALL) -e .
	@touch $@

$(INSTALLED_STUDIO): $(SOURCES)
	$(INSTALL) -e '.[studio,video]'
	@touch $(INSTALLED) $@

$(INSTALLED_DEV): $(SOURCES)
	$(INSTALL) -e '.[dev]'
	@touch $(INSTALLED) $(INSTALLED_STUDIO) $@
