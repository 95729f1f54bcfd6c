# Two commands matter: `make kiosk` starts a terminal, `make test` proves one.
PYTHON := .venv/bin/python

.PHONY: kiosk test setup pictures lint typecheck imports pytest clean help

help:     ## this list
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/: .*## /\t/'

setup:    ## everything a terminal needs: system packages, .venv, models, fonts, demo keys
	@deploy/setup.sh

kiosk: setup ## a terminal with simulated devices, the centre and the bench page; Ctrl-C ends all
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

pictures: setup ## every screen at both sizes and the slips, into docs/pictures/
	$(PYTHON) -m tests.pictures --into docs/pictures

clean:    ## remove what set-up and the demo made
	rm -rf .venv .setup .demo
