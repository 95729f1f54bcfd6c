# `make test` sets everything up and proves it.
PYTHON := .venv/bin/python

.PHONY: test kiosk setup lint typecheck imports pytest clean help

help:     ## this list
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*## /\t/'

setup:    ## everything a terminal needs: system packages, .venv, models, fonts, demo keys
	@deploy/setup.sh

kiosk: setup ## the terminal with simulated devices, the centre and the bench page; Ctrl-C ends everything
	@exec $(PYTHON) main.py demo

test: setup lint typecheck imports pytest ## what CI runs

lint:     ## ruff: rules and format
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

typecheck: ## mypy, strict
	$(PYTHON) -m mypy

imports:  ## the one-way rule between the rooms
	.venv/bin/lint-imports

pytest:   ## the tests, with coverage
	$(PYTHON) -m pytest --cov --cov-report=term:skip-covered

clean:    ## remove what set-up and the demo made
	rm -rf .venv .setup .demo
