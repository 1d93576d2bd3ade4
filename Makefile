# Commands for a person and for CI. `make help` lists them.
# Arguments reach the tool behind a target: make test ARGS="-k batcher -x"

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' \
	2>/dev/null && { echo $$p; break; }; done)
# No variable here may be named like one that a person sets (HOST, PORT, MODEL): make would pass its
# own value on.
FOUND_PYTHON = $(if $(PYTHON),$(PYTHON),$(error Python 3.11, 3.12, 3.13 or 3.14 with its venv module is needed; \
	on Debian: apt-get install python3 python3-venv))
BOOTSTRAP = $(FOUND_PYTHON) -m services.launcher.bootstrap
BIN = .venv/bin
ARGS ?=
SBOM ?= .state/sbom
# Test files, side by side in processes (`tests/conftest.py` says how many); ARGS="-n 0" runs them in
# one process, as --pdb needs.
SIDE_BY_SIDE = -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder
# The output of each check in one piece, where make can do that (since 4.0).
OUTPUT_WHOLE = $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)
# Many processes start here. Without compiled files, each of them compiles all that it imports again: an
# import of the retriever then takes 4.4 s of processor time and not 1.8.
export PYTHONDONTWRITEBYTECODE =
COMPILE = .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
	--fork-strategy fewest \
	--no-annotate --no-header

.DEFAULT_GOAL := help
.PHONY: $(shell sed -nE 's/^([a-z0-9-]+):.*/\1/p' $(firstword $(MAKEFILE_LIST)))

help: ## List every target
	@awk -F ':.*## ' '/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z0-9-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

##@ Serve

run: ## Serve everything on http://127.0.0.1:7860 (HOST=… PORT=… CATALOG=… MODEL=… STATE_DIR=…)
	@$(BOOTSTRAP) --group run --web -- -m services.launcher

doctor: ## Report what is wrong with this installation and how to fix it (same variables as `run`)
	@$(or $(PYTHON),python3) -m services.launcher.doctor

smoke: ## Check a running deployment as a shopper would (URL=…)
	@$(BOOTSTRAP) --group test
	@$(BIN)/python -m deploy.operations.smoke $(URL) $(ARGS)

##@ Test

test: ## Run lint, types, import rules, the page's tests and those of the services (seven minutes)
	@$(BOOTSTRAP) --group test --web
	@$(MAKE) --no-print-directory -j 2 $(OUTPUT_WHOLE) test-web check \
		|| { echo "error: a check failed; the line with *** above names it" >&2; exit 1; }
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m "not long" --durations=20 $(ARGS)

test-long: ## Run the tests that `make test` leaves out: a browser, a soak, fuzzing, more kills
	@$(BOOTSTRAP) --group test --web
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) -m long --durations=20 $(ARGS)

test-unit: ## Run only the tests that need nothing running
	@$(BOOTSTRAP) --group test
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) tests/unit $(ARGS)

test-web: ## Run the page's lint, types, tests and size limit; check its API types against the gateway's
	@cd services/web && npm run --silent lint && npm run --silent typecheck \
		&& npm run --silent check:api && npm test --silent && npm run --silent size

test-e2e: ## Test the page in a real browser against the whole stack (ARGS="-g crop", CHROMIUM=…)
	@$(BOOTSTRAP) --group test --web
	@cd services/web && node e2e/support/chromium.mjs > /dev/null && npm run --silent e2e -- $(ARGS)

test-compose: ## Test `docker compose up` with the local engine: search, kill, restart, scale, down
	@$(BOOTSTRAP) --group test
	@$(BIN)/python -m pytest tests/compose $(ARGS)

test-tfx: ## Test the whole TFX pipeline in its own environment (three minutes)
	@$(BOOTSTRAP) --group test
	@$(BOOTSTRAP) --venv .venv-tfx --group tfx
	@TFX_PYTHON=.venv-tfx/bin/python $(BIN)/python -m pytest tests/tfx $(ARGS)

test-agents: ## Test the frameworks of agents that docs/agents.md names, in their own environment
	@$(BOOTSTRAP) --group test
	@$(BOOTSTRAP) --venv .venv-agents --group agents
	@AGENTS_PYTHON=.venv-agents/bin/python $(BIN)/python -m pytest tests/agents $(ARGS)

test-models: ## Test the encoder beside transformers and open_clip, in their own environment
	@$(BOOTSTRAP) --group test
	@$(BOOTSTRAP) --venv .venv-models --group models
	@MODELS_PYTHON=.venv-models/bin/python $(BIN)/python -m pytest tests/models $(ARGS)

test-milvus: ## Test each search engine: memory, Milvus Lite, and a Milvus server in its own environment (three minutes)
	@$(BOOTSTRAP) --group test
	@$(BOOTSTRAP) --venv .venv-milvus --group milvus-server
	@MILVUS_PYTHON=.venv-milvus/bin/python $(BIN)/python -m pytest tests/unit/retriever/test_search.py \
		tests/unit/retriever/milvus tests/integration/retriever/test_milvus.py $(ARGS)

fuzz: ## Send everything that the services' schemas allow (FUZZ_EXAMPLES=300)
	@$(BOOTSTRAP) --group test
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-300} $(BIN)/python -m pytest tests/fuzz $(ARGS)

chaos: ## Break each part in each way under load from 32 clients (five minutes; ARGS="--parts redis")
	@$(BOOTSTRAP) --group test
	@$(BIN)/python -m tests.chaos $(ARGS)

fleet: ## Run eleven machines in network namespaces under load: scaling, upgrades, losses, a partition (root, nginx)
	@$(BOOTSTRAP) --group test
	@$(BOOTSTRAP) --venv .venv-milvus --group milvus-server
	@MILVUS_PYTHON=.venv-milvus/bin/python $(BIN)/python -m tests.fleet $(ARGS)

load: ## Measure speed and capacity of the whole stack (ARGS="--soak 1800")
	@$(BOOTSTRAP) --group test
	@$(BIN)/python -m tests.load $(ARGS)

bench: ## Run the benchmarks and write docs/benchmarks.md (ARGS="--only encoder,retriever")
	@$(FOUND_PYTHON) -m tests.benchmarks $(ARGS)

##@ Check

check: types lint imports secrets ## Run lint, types, imports and secrets (in the environment that `make test` made)

lint: ## Check style and common mistakes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: ## Run mypy --strict over everything
	@$(BIN)/mypy

imports: ## Check which room may import which
	@$(BIN)/lint-imports

secrets: ## Look for keys and passwords in all files that are or may be committed
	@.ci/secrets

workflows: ## Check the GitHub workflows: syntax, schema, shell, pins, permissions
	@$(BOOTSTRAP) --group deploy --venv .venv-deploy
	@.venv-deploy/bin/actionlint
	@.venv-deploy/bin/zizmor --offline --quiet .github
	@.venv-deploy/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@.venv-deploy/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml

manifests: ## Check the Kubernetes manifests against Kubernetes' schemas
	@$(BOOTSTRAP) --group deploy --venv .venv-deploy
	@.venv-deploy/bin/python -m deploy.operations.manifests

licences: ## Check that the licences of all served packages fit ours
	@$(BOOTSTRAP) --group serve --venv .venv-serve
	@$(BOOTSTRAP) --group release --venv .venv-release
	@.venv-release/bin/python -m deploy.operations.licences .venv-serve/bin/python

##@ Data and search quality

eval: ## Evaluate the search on the catalogue (ARGS="--report docs/evaluation.md")
	@$(BOOTSTRAP) --group evaluate -- -m services.launcher evaluate -- $(ARGS)

report: ## Report top queries, empty results and trends (needs GATEWAY_QUERY_LOG; ARGS="--days 30")
	@$(BOOTSTRAP) --group run -- -m services.launcher report -- $(ARGS)

data: ## Run the changed stages of dvc.yaml: product file, features, evaluation
	@$(BOOTSTRAP) --group data
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/dvc repro $(ARGS)
	@$(BIN)/dvc metrics show --md data/build/evaluation.json

data-pull: ## Fetch this version's data (DATA_REMOTE=gdrive://FOLDER_ID, docs/data.md)
	@$(BOOTSTRAP) --group data -- -m services.pipeline data pull

data-push: ## Share this version's data
	@$(BOOTSTRAP) --group data -- -m services.pipeline data push

tfx: ## Validate, train, gate and publish the catalogue with TFX (CATALOG=… GOLDEN=…)
	@$(BOOTSTRAP) --group run
	@$(BOOTSTRAP) --venv .venv-tfx --group tfx
	@PYTHONWARNINGS=ignore $(if $(CATALOG),TFX_FEED=$(CATALOG)) $(if $(GOLDEN),TFX_GOLDEN=$(GOLDEN)) \
		$(BIN)/python -m services.launcher batch --tracked --store .state/tfx/store -- \
		.venv-tfx/bin/python -m services.pipeline.tfx $(ARGS)

mlflow: ## Show runs, plots and registered models on http://127.0.0.1:5000
	@$(BOOTSTRAP) --group evaluate
	@mkdir -p .state/mlflow
	@MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false $(BIN)/mlflow server --host 127.0.0.1 --port $${MLFLOW_PORT:-5000} \
		--workers 1 --backend-store-uri $${PIPELINE_TRACKING_URI:-sqlite:///.state/mlflow/mlflow.db} $(ARGS)

train-mini-clip: ## Train the bundled CLIP (data/models/mini-clip; under 40 minutes on 2 cores)
	@$(BOOTSTRAP) --venv .venv-train --group train -- \
		-m demo.train --output data/models/mini-clip $(ARGS)

##@ Generated files

sample: ## Draw the sample catalogue (data/sample)
	@$(BOOTSTRAP) --group draw -- -m demo.make_sample --output data/sample $(ARGS)

golden: ## Write the golden queries of the sample (data/sample/golden)
	@$(BOOTSTRAP) --group draw -- -m demo.make_golden --output data/sample/golden

openapi: ## Write docs/openapi/*.json and the page's API types from the services' code
	@$(BOOTSTRAP) --group run -- -m docs.openapi.publish
	@cd services/web && npm run --silent generate:api

configuration: ## Write docs/configuration.md from the settings classes
	@$(BOOTSTRAP) --group run -- -m docs.generate_configuration

vitals: ## Measure LCP, INP and CLS of the page on a slow processor (4x) and line (1.6 Mb/s)
	@$(BOOTSTRAP) --group test --web
	@cd services/web && node e2e/support/chromium.mjs > /dev/null && npm run --silent vitals

screenshots: ## Take the screenshots in docs/images
	@$(BOOTSTRAP) --group test --web
	@cd services/web && node e2e/support/chromium.mjs > /dev/null && npm run --silent screenshots

lock: ## Pin the newest versions that fit pyproject.toml in requirements.lock
	@$(BOOTSTRAP) --venv .venv-lock --group lock
	@$(COMPILE) --group run --group redis-server --group test --group train \
		--group bench-encoder --group bench-replaced --group bench-retriever --group models --group milvus-server \
		--group lock --group release -o .venv-lock/all.txt
	@# Without its dependencies: torchvision, which nothing here uses.
	@$(COMPILE) --no-deps --group vocabulary -o .venv-lock/vocabulary.txt
	@# Without torch's CUDA packages, which only a GPU needs.
	@cat .venv-lock/all.txt .venv-lock/vocabulary.txt | grep -vE '^(nvidia-|cuda-|triton)' \
		| LC_ALL=C sort > requirements.lock
	@$(COMPILE) --group agents -o requirements-agents.lock
	@$(COMPILE) --group infinity | grep -vE '^(nvidia-|cuda-|triton)' \
		| LC_ALL=C sort > requirements-infinity.lock

##@ Deploy and release

build-page: ## Build the page (VITE_API_URL=… when its API has another address)
	@cd services/web && npm ci --no-audit --no-fund && npm run build

image: ## Build one image (SERVICE=gateway IMAGE=name VERSION=1.2.3 PACKAGES=milvus)
	@docker build --pull --tag $(or $(IMAGE),multimodal-search/$(SERVICE)):$(or $(VERSION),latest) \
		--build-arg SERVICE=$(SERVICE) --build-arg PACKAGES=$(PACKAGES) --build-arg VERSION=$(or $(VERSION),dev) \
		--build-arg REVISION=$$(git rev-parse HEAD) $(if $(filter web,$(SERVICE)),services/web,.)

space-tree: ## Write the files of the Hugging Face Space into a new folder (TREE=…)
	@$(BOOTSTRAP) --group test
	@$(BIN)/python -m deploy.operations.space_tree $(TREE)

deploy-space: ## Deploy to the Space, test it there, roll back on failure (SPACE=owner/name, HF_TOKEN)
	@$(BOOTSTRAP) --group deploy --venv .venv-deploy
	@.venv-deploy/bin/python -m deploy.operations.space deploy $(SPACE) $(ARGS)

deploy-page: ## Upload the built page to its host (PAGE_HOST, PAGE_USER, PAGE_PASSWORD or PAGE_SSH_KEY)
	@$(BOOTSTRAP) --group deploy --venv .venv-deploy
	@.venv-deploy/bin/python -m deploy.operations.page deploy

rollback-page: ## Serve the previous build of the page again
	@$(BOOTSTRAP) --group deploy --venv .venv-deploy
	@.venv-deploy/bin/python -m deploy.operations.page rollback

changelog: ## Print the changes between the previous tag and TAG=v1.2.3, as Markdown
	@$(PYTHON) -m deploy.operations.changelog $(TAG)

sbom: ## List the parts of the services and the page (CycloneDX, into SBOM=.state/sbom)
	@$(BOOTSTRAP) --group serve --venv .venv-serve
	@$(BOOTSTRAP) --group release --venv .venv-release
	@mkdir -p $(SBOM)
	@.venv-release/bin/cyclonedx-py environment --output-reproducible --of JSON \
		-o $(SBOM)/services.json .venv-serve/bin/python
	@.venv-release/bin/python -m deploy.operations.page_sbom > $(SBOM)/page.json

##@ Tidy up

clean: ## Remove everything that was installed, built or stored
	@rm -rf .venv .venv-bench .venv-bench-replaced .venv-bench-retriever .venv-infinity .venv-deploy .venv-release .venv-serve .venv-train .venv-lock .venv-tfx .venv-agents .venv-models .venv-milvus .state \
		services/web/node_modules services/web/dist data/build data/store \
		.mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
