# Two commands for newcomers: `make demo` shows a report, `make test` runs the suite. Both build their own environment.

PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: help demo test lint samples catalogues docs benchmarks study fuzz lowest audit sbom wheels clean

help:
	@echo "make demo        analyze a sample bundle and say where its report is"
	@echo "make test        run the whole test suite"
	@echo "make lint        ruff and mypy --strict"
	@echo "make catalogues  bring the translations up to date with the texts of the code"
	@echo "make docs        write the generated pages and the JSON Schema anew"
	@echo "make samples     build the sample bundles anew"
	@echo "make study       measure on 2,000 simulated bundles how often the verdict is right (25 minutes)"
	@echo "make fuzz        look for input that breaks a parser, a minute for each target (SECONDS=60; Python up to 3.13)"
	@echo "make lowest      run the test suite with the oldest dependencies that pyproject.toml allows"
	@echo "make audit       ask for known vulnerabilities of the dependencies (needs the network)"
	@echo "make sbom        write sbom.json, the bill of materials (CycloneDX)"
	@echo "make wheels      build wheel and sdist twice and compare them byte for byte"
	@echo "make benchmarks  measure speed against the rivals named in benchmarks/"

$(VENV)/.demo: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or later is needed; this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv $(VENV) || { echo "python3-venv is missing: sudo apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[cjk]'
	@touch $@

$(VENV)/.dev: $(VENV)/.demo
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

.PHONY: pango
pango: $(VENV)/.demo
	@$(BIN)/python -m forensics.report

demo: $(VENV)/.demo pango
	@$(BIN)/forensics analyze samples/founding-case.zip --output founding-case-report.pdf
	@echo
	@echo "The report: $(CURDIR)/founding-case-report.pdf"

test: $(VENV)/.dev pango
	$(BIN)/python -m pytest

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

study: $(VENV)/.dev
	$(BIN)/python benchmarks/study.py --bundles 2000 --seed 1 --processes 2 --json study.json
	$(BIN)/python benchmarks/study_page.py study.json > docs/study.md

catalogues: $(VENV)/.dev
	$(BIN)/python -m docs.catalogues

docs: $(VENV)/.dev
	$(BIN)/python docs/generate.py

SECONDS ?= 60
fuzz: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[fuzz]'
	$(BIN)/python fuzz/run.py --seconds $(SECONDS)

samples: $(VENV)/.dev
	$(BIN)/python samples/build.py

benchmarks: $(VENV)/.dev
	$(BIN)/python benchmarks/event_log.py
	$(BIN)/python benchmarks/whole_bundle.py

# Tools that look at the environment from outside, so that they are no part of it.
$(VENV)-tools/.ready:
	@$(PYTHON) -m venv $(VENV)-tools
	$(VENV)-tools/bin/python -m pip install --quiet --disable-pip-version-check pip-audit cyclonedx-bom build uv
	@touch $@

lowest: $(VENV)-tools/.ready
	$(VENV)-tools/bin/uv venv --quiet --clear --python $(PYTHON) $(VENV)-lowest
	$(VENV)-tools/bin/uv pip install --quiet --python $(VENV)-lowest/bin/python --resolution lowest-direct --editable '.[test]'
	$(VENV)-lowest/bin/python -m pytest

audit: $(VENV)/.demo $(VENV)-tools/.ready
	$(VENV)-tools/bin/pip-audit --path "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"

sbom: $(VENV)/.demo $(VENV)-tools/.ready
	$(VENV)-tools/bin/cyclonedx-py environment --output-reproducible --output-file sbom.json $(BIN)/python

wheels: export SOURCE_DATE_EPOCH = $(shell git log -1 --format=%ct)
wheels: $(VENV)-tools/.ready
	rm -rf dist dist-again
	$(VENV)-tools/bin/python -m build --outdir dist .
	$(VENV)-tools/bin/python -m build --outdir dist-again .
	diff -r dist dist-again && rm -rf dist-again

clean:
	rm -rf $(VENV) $(VENV)-tools $(VENV)-lowest dist dist-again sbom.json founding-case-report.pdf
