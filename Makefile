# `make test` sets everything up and proves it.
PYTHON := .venv/bin/python
# Most tests wait for a device or a process: on two cores a third worker still takes a fifth off the time.
WORKERS ?= 3
# Some containers forbid it, and then each of the tests' many child processes compiles every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: test kiosk pictures setup test-setup lint typecheck imports pytest coverage bench crash outage clean help

help:     ## this list
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*## /\t/'

setup:    ## everything a terminal needs: system packages, .venv, models, fonts, demo keys
	@deploy/setup.sh

test-setup: ## the same, and the browser that the tests of the web pages use
	@deploy/setup.sh tests

kiosk: setup ## the terminal with simulated devices, the centre and the bench page (options: DEMO="--card-reader pcsc")
	@exec $(PYTHON) main.py demo $(DEMO)

pictures: test-setup ## every screen on a standing and a lying panel, the bench and the operations pages, into docs/pictures
	xvfb-run -a -s "-screen 0 1080x1920x24 -nolisten tcp" $(PYTHON) -m tests.screens.gallery docs/pictures/standing 1080 1920
	xvfb-run -a -s "-screen 0 1920x1080x24 -nolisten tcp" $(PYTHON) -m tests.screens.gallery docs/pictures/lying 1920 1080
	$(PYTHON) -m tests.web_pictures docs/pictures docs/pictures/standing/23_result_offline.png

test: test-setup lint typecheck imports pytest ## what CI runs

lint:     ## ruff: rules and format
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

typecheck: ## mypy, strict
	$(PYTHON) -m mypy

imports:  ## the one-way rule between the rooms
	.venv/bin/lint-imports

pytest:   ## the tests
	$(PYTHON) -m pytest -n $(WORKERS) --dist loadgroup $(PYTEST)

coverage: PYTEST = --cov --cov-report=term:skip-covered
coverage: test-setup pytest ## the tests, and which lines none of them reaches (half as much processor time again)

bench: test-setup ## how fast the drivers are, as ratios; on an otherwise idle machine
	$(PYTHON) -m tests.benchmarks

crash: test-setup ## a thousand kills and a thousand power cuts: is anything lost or doubled? (about ten minutes; options: CRASH="--help")
	$(PYTHON) -m tests.crash $(CRASH)

outage: test-setup ## three days without a line, then a bad one, with 5,000 cases (some minutes; options: OUTAGE="--help")
	$(PYTHON) -m tests.soak.outage $(OUTAGE)

clean:    ## remove what set-up and the demo made
	rm -rf .venv .setup .demo
