# What a person and CI alike can do here. `make help` lists it.
# Arguments reach the tool behind a target: make test ARGS="-k batcher -x"

PYTHON ?= $(shell for p in python3.11 python3.12 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' \
	2>/dev/null && { echo $$p; break; }; done)
HOST = $(if $(PYTHON),$(PYTHON),$(error Python 3.11 or 3.12 with its venv module is needed; \
	on Debian: apt-get install python3 python3-venv))
BOOTSTRAP = $(HOST) -m services.launcher.bootstrap
BENCH = $(HOST) -m tests.benchmarks
BIN = .venv/bin
ARGS ?=
SBOM ?= .state/sbom
COMPILE = .venv-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --upgrade \
	--fork-strategy fewest \
	--no-annotate --no-header

.DEFAULT_GOAL := help
.PHONY: help run test test-web test-unit test-e2e screenshots fuzz chaos load lint format types imports secrets check eval report mlflow \
	bench bench-encoder bench-features bench-feeds bench-limits bench-load bench-milvus bench-peers bench-replaced bench-retriever bench-served bench-service bench-whole sample golden data data-pull data-push tfx test-tfx train-mini-clip \
	openapi configuration lock clean \
	doctor test-compose build-page image workflows manifests licences changelog sbom smoke space-tree deploy-space deploy-page rollback-page

help: ## List every target
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-18s %s\n", $$1, $$2}'

run: ## Serve everything on http://127.0.0.1:7860 (PORT=… CATALOG=… MODEL=…)
	@$(BOOTSTRAP) --group run --web -- -m services.launcher

doctor: ## What is wrong with this installation, and how to mend it (PORT=… CATALOG=… MODEL=…)
	@$(or $(PYTHON),python3) -m services.launcher.doctor

test: ## Every test that needs no Docker, after lint, types and import rules
	@$(BOOTSTRAP) --group test --web
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory test-web
	@$(BIN)/python -m pytest $(ARGS)

test-web: ## Lint, types, tests and size of the page, and that its API types are the gateway's
	@cd services/web && npm run --silent lint && npm run --silent typecheck \
		&& npm run --silent check:api && npm test --silent && npm run --silent size

test-unit: ## Only the tests that need nothing running
	@$(BOOTSTRAP) --group test
	@$(BIN)/python -m pytest tests/unit $(ARGS)

test-e2e: ## The page in a real browser, against the whole stack (ARGS="-g crop", CHROMIUM=…)
	@$(BOOTSTRAP) --group test --web
	@cd services/web && node e2e/support/chromium.mjs > /dev/null && npm run --silent e2e -- $(ARGS)

screenshots: ## Take the pictures in docs/images anew
	@$(BOOTSTRAP) --group test --web
	@cd services/web && node e2e/support/chromium.mjs > /dev/null && npm run --silent screenshots

test-compose: ## `docker compose up` on this machine's engine: search, kill, restart, scale, down
	@$(BOOTSTRAP) --group test
	@$(BIN)/python -m pytest tests/compose $(ARGS)

fuzz: ## Ask everything that the services' schemas allow, at length (FUZZ_EXAMPLES=300)
	@$(BOOTSTRAP) --group test
	@FUZZ_EXAMPLES=$${FUZZ_EXAMPLES:-300} $(BIN)/python -m pytest tests/fuzz $(ARGS)

chaos: ## Break each part in each way while 32 clients ask (five minutes; ARGS="--parts redis")
	@$(BOOTSTRAP) --group test
	@$(BIN)/python -m tests.chaos $(ARGS)

load: ## How fast the whole stack answers, and how much of it (ARGS="--soak 1800")
	@$(BOOTSTRAP) --group test
	@$(BIN)/python -m tests.load $(ARGS)

check: lint types imports secrets ## Lint, types, import rules, no secrets (in the environment that `make test` made)

lint: ## Style and common mistakes
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: ## Bring the code into the project's format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: ## mypy --strict over everything
	@$(BIN)/mypy

imports: ## Which room may import which
	@$(BIN)/lint-imports

secrets: ## Look for keys and passwords in what is, or might be, committed
	@.ci/secrets

eval: ## How good the search is on the catalogue, beside chance (ARGS="--report docs/evaluation.md")
	@$(BOOTSTRAP) --group evaluate -- -m services.launcher evaluate -- $(ARGS)

report: ## What was searched for, what found nothing, what has changed (GATEWAY_QUERY_LOG; ARGS="--days 30")
	@$(BOOTSTRAP) --group run -- -m services.launcher report -- $(ARGS)

mlflow: ## What ran and how good it was, on http://127.0.0.1:5000 (runs, plots, registry)
	@$(BOOTSTRAP) --group evaluate
	@mkdir -p .state/mlflow
	@MLFLOW_DISABLE_TELEMETRY=true MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false $(BIN)/mlflow server --host 127.0.0.1 --port $${MLFLOW_PORT:-5000} \
		--workers 1 --backend-store-uri $${PIPELINE_TRACKING_URI:-sqlite:///.state/mlflow/mlflow.db} $(ARGS)

bench: ## Every benchmark, each into docs/benchmarks.md (ARGS="--only encoder,retriever")
	@$(BENCH) $(ARGS)

bench-encoder: ## The encoder beside clip, transformers, open_clip, ONNX Runtime (ARGS=--write: the docs)
	@$(BENCH) --only encoder -- $(ARGS)

bench-service: ## The encoder's batching, priorities, wire, start and memory (ARGS=--write)
	@$(BENCH) --only service -- $(ARGS)

bench-served: ## The encoder over HTTP beside infinity, which serves the same weights (ARGS=--write)
	@$(BENCH) --only served -- $(ARGS)

bench-features: ## Feast as documented beside the retriever's bulk load and its memory (ARGS=--write)
	@$(BENCH) --only features -- $(ARGS)

bench-peers: ## The retriever beside scikit-learn, FAISS, USearch and Milvus Lite (ARGS=--write)
	@$(BENCH) --only peers -- $(ARGS)

bench-load: ## Seconds to read 200,000 products into memory (ARGS="--products 20000 --write")
	@$(BENCH) --only load -- $(ARGS)

bench-replaced: ## The whole stack beside torch, scikit-learn and pandas in one process (ARGS=--write)
	@$(BENCH) --only replaced -- $(ARGS)

bench-feeds: ## A gigabyte of each kind of product feed: seconds and memory to read it
	@$(BENCH) --only feeds -- $(ARGS)

bench-retriever: ## One search beside the simple path, NumPy and FAISS (ARGS="--products 1000000 --write")
	@$(BENCH) --only retriever -- $(ARGS)

bench-whole: ## The stack by clients, by stage, by size (ARGS="--sizes 1000 23000 --write")
	@$(BENCH) --only whole -- $(ARGS)

bench-limits: ## Each stage beside the least that this machine could do it in (ARGS=--write)
	@$(BENCH) --only limits -- $(ARGS)

bench-milvus: ## The same search through Milvus Lite, compared with brute force (ARGS="--products 20000")
	@$(BENCH) --only milvus -- $(ARGS)

sample: ## Draw the sample catalogue anew (data/sample)
	@$(BOOTSTRAP) --group draw -- -m demo.make_sample --output data/sample $(ARGS)

golden: ## Write the golden queries of the sample anew (data/sample/golden)
	@$(BOOTSTRAP) --group draw -- -m demo.make_golden --output data/sample/golden

data: ## From the product file to published features and an evaluation, what changed alone (dvc.yaml)
	@$(BOOTSTRAP) --group data
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/dvc repro $(ARGS)
	@$(BIN)/dvc metrics show --md data/build/evaluation.json

data-pull: ## Fetch this version's data (DATA_REMOTE=gdrive://FOLDER_ID, docs/data.md)
	@$(BOOTSTRAP) --group data -- -m services.pipeline data pull

data-push: ## Share this version's data
	@$(BOOTSTRAP) --group data -- -m services.pipeline data push

tfx: ## The catalogue through TFX: validated, trained, gated, published (CATALOG=… GOLDEN=…)
	@$(BOOTSTRAP) --group run
	@$(BOOTSTRAP) --venv .venv-tfx --group tfx
	@PYTHONWARNINGS=ignore $(if $(CATALOG),TFX_FEED=$(CATALOG)) $(if $(GOLDEN),TFX_GOLDEN=$(GOLDEN)) \
		$(BIN)/python -m services.launcher batch --tracked --store .state/tfx/store -- \
		.venv-tfx/bin/python -m services.pipeline.tfx $(ARGS)

test-tfx: ## The TFX pipeline whole, in its own environment (three minutes)
	@$(BOOTSTRAP) --group test
	@$(BOOTSTRAP) --venv .venv-tfx --group tfx
	@TFX_PYTHON=.venv-tfx/bin/python $(BIN)/python -m pytest tests/tfx $(ARGS)

train-mini-clip: ## Train the bundled CLIP anew (data/models/mini-clip; under 40 minutes on 2 cores)
	@$(BOOTSTRAP) --venv .venv-train --group train -- \
		-m demo.train --output data/models/mini-clip $(ARGS)

openapi: ## Write docs/openapi/*.json and the page's types from the services' code
	@$(BOOTSTRAP) --group run -- -m docs.openapi.publish
	@cd services/web && npm run --silent generate:api

configuration: ## Write docs/configuration.md from the settings classes
	@$(BOOTSTRAP) --group run -- -m docs.generate_configuration

lock: ## Pin the newest versions that fit pyproject.toml in requirements.lock
	@$(BOOTSTRAP) --venv .venv-lock --group lock
	@$(COMPILE) --group run --group test --group train \
		--group bench-encoder --group bench-replaced --group bench-retriever --group lock --group release -o .venv-lock/all.txt
	@# Without its dependencies (torchvision, which nothing here uses).
	@$(COMPILE) --no-deps --group vocabulary -o .venv-lock/vocabulary.txt
	@# torch's CUDA packages are for machines that train on a GPU: not ours to pin.
	@cat .venv-lock/all.txt .venv-lock/vocabulary.txt | grep -vE '^(nvidia-|cuda-|triton)' \
		| LC_ALL=C sort > requirements.lock
	@$(COMPILE) --group infinity | grep -vE '^(nvidia-|cuda-|triton)' \
		| LC_ALL=C sort > requirements-infinity.lock

smoke: ## Does what is served at URL=… do what a shopper needs?
	@$(BOOTSTRAP) --group test
	@$(BIN)/python -m deploy.operations.smoke $(URL) $(ARGS)

space-tree: ## Write what the Hugging Face Space is made of into a new folder (TREE=…)
	@$(BOOTSTRAP) --group test
	@$(BIN)/python -m deploy.operations.space_tree $(TREE)

deploy-space: ## To the Space (SPACE=owner/name, HF_TOKEN), tried out there, taken back if it fails
	@$(BOOTSTRAP) --group deploy --venv .venv-deploy
	@.venv-deploy/bin/python -m deploy.operations.space deploy $(SPACE) $(ARGS)

build-page: ## Build the page (VITE_API_URL=… where its API has another address)
	@cd services/web && npm ci --no-audit --no-fund && npm run build

image: ## Build one image (SERVICE=gateway IMAGE=name VERSION=1.2.3 PACKAGES=milvus)
	@docker build --pull --tag $(or $(IMAGE),multimodal-search/$(SERVICE)):$(or $(VERSION),latest) \
		--build-arg SERVICE=$(SERVICE) --build-arg PACKAGES=$(PACKAGES) --build-arg VERSION=$(or $(VERSION),dev) \
		--build-arg REVISION=$$(git rev-parse HEAD) $(if $(filter web,$(SERVICE)),services/web,.)

workflows: ## Check the workflows: syntax, schema, shell, pins, permissions
	@$(BOOTSTRAP) --group deploy --venv .venv-deploy
	@.venv-deploy/bin/actionlint
	@.venv-deploy/bin/zizmor --offline --quiet .github
	@.venv-deploy/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@.venv-deploy/bin/check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml

manifests: ## Check the cluster's manifests against Kubernetes' schemas
	@$(BOOTSTRAP) --group deploy --venv .venv-deploy
	@.venv-deploy/bin/python -m deploy.operations.manifests

licences: ## May everything that is served be served under our licence?
	@$(BOOTSTRAP) --group serve --venv .venv-serve
	@$(BOOTSTRAP) --group release --venv .venv-release
	@.venv-release/bin/python -m deploy.operations.licences .venv-serve/bin/python

changelog: ## What changed between the tag before and TAG=v1.2.3, as Markdown
	@$(PYTHON) -m deploy.operations.changelog $(TAG)

sbom: ## List what the services and the page are made of (CycloneDX, into SBOM=.state/sbom)
	@$(BOOTSTRAP) --group serve --venv .venv-serve
	@$(BOOTSTRAP) --group release --venv .venv-release
	@mkdir -p $(SBOM)
	@.venv-release/bin/cyclonedx-py environment --output-reproducible --of JSON \
		-o $(SBOM)/services.json .venv-serve/bin/python
	@.venv-release/bin/python -m deploy.operations.page_sbom > $(SBOM)/page.json

deploy-page: ## Send the built page to its host (PAGE_HOST, PAGE_USER, PAGE_PASSWORD or PAGE_SSH_KEY)
	@$(BOOTSTRAP) --group deploy --venv .venv-deploy
	@.venv-deploy/bin/python -m deploy.operations.page deploy

rollback-page: ## Serve the page's build before this one again
	@$(BOOTSTRAP) --group deploy --venv .venv-deploy
	@.venv-deploy/bin/python -m deploy.operations.page rollback

clean: ## Remove what was installed, built and stored
	@rm -rf .venv .venv-bench .venv-bench-replaced .venv-bench-retriever .venv-infinity .venv-deploy .venv-release .venv-serve .venv-train .venv-lock .venv-tfx .state \
		services/web/node_modules services/web/dist data/build data/store \
		.mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
