# Every target sets up what it needs: `make test` on a fresh clone is enough.
PYTHON ?= python3
VENV ?= .venv
CHECKOV_VENV ?= .venv-checkov
FOREIGN_VENV ?= .venv-foreign
IAM_VENV ?= .venv-iam
CDK ?= .venv-cdk
BIN := $(VENV)/bin
BLUEPRINT ?= blueprints/web_service.py
RUN := $(BIN)/fargate-stacks
SOURCES := fargate_stacks tests blueprints benchmarks

# checkov pins a boto3 and a networkx that the local emulator and cfn-lint refuse: it lives by itself
export CHECKOV := $(CURDIR)/$(CHECKOV_VENV)/bin/checkov
# the AWS command line and SAM's, with a botocore of their own, drive the local cloud in tests
export FOREIGN := $(CURDIR)/$(FOREIGN_VENV)/bin
# cloudsplaining brings 90 MB that nothing else needs: a Python of its own reads our policies
export SPLAIN := $(CURDIR)/$(IAM_VENV)/bin/python
export CDK_MODULES := $(CURDIR)/$(CDK)/node_modules
# whatever is signed in on this machine, no target may use it
unexport AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN

.PHONY: help setup demo test check format bench security pages docs aws-smoke clean

help:
	@echo "make demo    synthesize, check, deploy to the local emulator and destroy $(BLUEPRINT)"
	@echo "make test    all tests"
	@echo "make check   ruff, mypy, import-linter, file length"
	@echo "make format  let ruff format and fix the sources"
	@echo "make bench   how fast synth and deploy are, as ratios; how many calls it takes to watch 40 services"
	@echo "make security  what security rule packs say of the blueprints, beside CDK's pattern"
	@echo "make pages   write the pages of docs/ that are made from code and data"
	@echo "make aws-smoke [REGION=eu-west-1] [PROFILE=sandbox]  prove what is unverified in your account, for less than a euro"
	@echo "make docs    build the documentation into site/"

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev,docs]'
	touch $@

$(CHECKOV_VENV)/.installed:
	test -x $(CHECKOV_VENV)/bin/python || $(PYTHON) -m venv $(CHECKOV_VENV)
	$(CHECKOV_VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'checkov==3.3.30'
	touch $@

$(IAM_VENV)/.installed:
	test -x $(IAM_VENV)/bin/python || $(PYTHON) -m venv $(IAM_VENV)
	$(IAM_VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'cloudsplaining==0.9.1'
	touch $@

demo: setup
	$(RUN) synth --app $(BLUEPRINT)
	$(RUN) check --app $(BLUEPRINT)
	$(RUN) deploy --local --app $(BLUEPRINT)
	$(RUN) destroy --local --app $(BLUEPRINT)

$(FOREIGN_VENV)/.installed:
	test -x $(FOREIGN_VENV)/bin/python || $(PYTHON) -m venv $(FOREIGN_VENV)
	$(FOREIGN_VENV)/bin/python -m pip install --quiet --disable-pip-version-check 'awscli>=1.46' 'aws-sam-cli>=1.170'
	touch $@

test: setup $(CHECKOV_VENV)/.installed $(FOREIGN_VENV)/.installed $(IAM_VENV)/.installed $(CDK)/.installed
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(PYTEST)

check: setup
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	@find $(SOURCES) -name '*.py' -exec awk 'FNR == 401 { print FILENAME ": over 400 lines"; long = 1 } END { exit long }' {} +

format: setup
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

bench: setup
	$(BIN)/python benchmarks/synth.py
	$(BIN)/python benchmarks/local.py
	$(BIN)/python benchmarks/services.py
	$(BIN)/python benchmarks/deploy.py

# cdk-nag and Control Tower's rule files come by npm; without it the table has dashes and says so
$(CDK)/.installed:
	-npm install --prefix $(CDK) --no-audit --no-fund --silent \
		aws-cdk-lib@2.276.0 constructs@10.8.1 cdk-nag@3.0.2 @cdklabs/cdk-validator-cfnguard@0.0.62 \
		&& touch $@

security: setup $(CHECKOV_VENV)/.installed $(CDK)/.installed
	$(BIN)/python -m benchmarks.security --rules $(if $(GUARD_REGISTRY),--registry $(GUARD_REGISTRY))

pages: setup
	$(BIN)/python -m tests.docs

docs: setup
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# the credentials are those of PROFILE, or what the AWS configuration says; DRY_RUN=1 stays on this machine
aws-smoke: setup
	$(BIN)/python -m tests.aws.smoke $(if $(REGION),--region $(REGION)) $(if $(PROFILE),--profile $(PROFILE)) $(if $(DRY_RUN),--dry-run)

clean:
	rm -rf $(VENV) $(CHECKOV_VENV) $(IAM_VENV) $(FOREIGN_VENV) $(CDK) site dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
