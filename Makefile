# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

# Everything is set up outside the checkout, in ~/.cache/xloud-image or in the folder that WORK names.
RUN = @tests/tools/run

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: ## start a sandbox and watch a catalogue being curated on it
	$(RUN) demo

develop: ## set up the tools to change the collection with, and say what comes next
	$(RUN) develop

test: ## run every stage below and count what passed and what failed
	$(RUN) test

static: ## formatters, linters, types, licences
	$(RUN) static

sanity: ## ansible-test sanity, on every Python found; CORE=2.16 takes another ansible-core
	$(RUN) sanity

units: ## tests that need nothing outside their process; TESTS names some of them
	$(RUN) units

examples: ## every example of the documentation, and what users copy: AWX, Git, migration, reports; TESTS likewise
	$(RUN) examples

integration: ## modules against the Keystone, Glance and Barbican of a sandbox; TESTS likewise
	$(RUN) integration

molecule: ## roles and playbooks as a user runs them, with idempotence
	$(RUN) molecule

docs: ## documentation of the plugins and roles, and the site made of it
	$(RUN) docs

galaxy: ## the artifact: built, imported as Galaxy does, installed
	$(RUN) galaxy

matrix: ## the oldest and the newest of what is supported
	$(RUN) matrix

coverage: ## how much of the plugins the tests run
	$(RUN) coverage

consumers: ## servers and volumes from the images of a catalogue, on a real Nova and Cinder; TESTS likewise
	$(RUN) consumers

soak: ## random catalogues and hundreds of faults; SOAK_SEED, SOAK_FAULTS, SOAK_SECONDS and SOAK_ONLY say which
	$(RUN) soak

soak-docs: ## the same, written into the documentation
	$(RUN) soak-docs

fuzz: ## random input to all that reads what strangers write, for FUZZ_SECONDS (300)
	$(RUN) fuzz

bench: ## what a catalogue costs beside loops of single tasks
	$(RUN) bench

bench-docs: ## the same, written into the documentation
	$(RUN) bench-docs

sandbox: ## start a Keystone and a Glance on this machine
	$(RUN) sandbox

sandbox-stop: ## stop them
	$(RUN) sandbox-stop

format: ## format the Python sources of the checkout
	$(RUN) format

generate: ## write the schema of the catalogue document, and the pages made from sources
	$(RUN) generate

release: ## write the changelog of the version in galaxy.yml out of its fragments
	$(RUN) release

clean: ## stop the sandbox and remove all that was set up
	$(RUN) clean

.PHONY: help demo develop test static sanity units integration examples molecule docs galaxy matrix coverage consumers soak soak-docs fuzz bench bench-docs sandbox sandbox-stop format generate release clean
