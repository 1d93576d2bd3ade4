# One Dockerfile for the Python services; SERVICE names the service (docs/decisions/0007-one-dockerfile.md).
#   docker build --build-arg SERVICE=gateway .
ARG SERVICE=gateway
ARG PYTHON=3.11

FROM python:${PYTHON}-slim AS packages
ARG SERVICE
# A dependency group instead of the service's own: `milvus` for a retriever that uses Milvus.
ARG PACKAGES=
WORKDIR /build
# pip has its own environment and stays out of the image.
RUN python -m venv --without-pip /opt/venv && python -m venv /opt/pip
COPY requirements.lock pyproject.toml ./
# The builds of all services share the download cache.
RUN --mount=type=cache,target=/root/.cache/pip set -eu; \
    export PIP_DISABLE_PIP_VERSION_CHECK=1; \
    /opt/pip/bin/pip install -q -c requirements.lock pip; \
    in_venv="/opt/pip/bin/pip --python /opt/venv/bin/python install -q -c requirements.lock"; \
    $in_venv --group "${PACKAGES:-$SERVICE}"; \
    if [ "$SERVICE" = encoder ]; then $in_venv --no-deps --group vocabulary; fi
COPY deploy/images/slim.py ./
RUN python slim.py /opt/venv
# Folders written at run time, owned by the user of the image. A new volume starts as a copy.
RUN mkdir -p /state/store /state/media /state/models
COPY feature_repo/feature_store.yaml /state/store/

FROM python:${PYTHON}-slim AS runtime
ARG SERVICE
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    FEAST_USAGE=False \
    REDIS_ADDRESS=redis:6379 \
    FEAST_REGISTRY_TYPE=file \
    FEAST_REGISTRY=registry.db \
    SERVICE=${SERVICE}
WORKDIR /app
COPY --from=packages /opt/venv /opt/venv
COPY --from=packages --chown=1000:1000 /state /state
COPY services/__init__.py services/
COPY services/contracts services/contracts
COPY services/common services/common
COPY services/${SERVICE} services/${SERVICE}
USER 1000:1000
ENTRYPOINT ["/bin/sh", "-c", "exec python -m \"services.$SERVICE\" \"$@\"", "sh"]

# Each service listens on the default port of its settings; a test compares HEALTH_URL with it.
FROM runtime AS service-encoder
# The model in the image: weights and graphs. The build downloads a published one.
ARG BAKED_MODEL=data/models/mini-clip
COPY data/models/mini-clip data/models/mini-clip
ENV ENCODER_HOST=0.0.0.0 ENCODER_MODEL=${BAKED_MODEL} ENCODER_MODEL_CACHE_DIR=/state/models HEALTH_URL=http://127.0.0.1:8001/health
RUN python -m services.encoder prepare
EXPOSE 8001

FROM runtime AS service-rewriter
ENV REWRITER_HOST=0.0.0.0 HEALTH_URL=http://127.0.0.1:8002/health
EXPOSE 8002

FROM runtime AS service-retriever
ENV RETRIEVER_HOST=0.0.0.0 RETRIEVER_FEATURE_STORE=/state/store HEALTH_URL=http://127.0.0.1:8003/health
EXPOSE 8003

FROM runtime AS service-gateway
ENV GATEWAY_HOST=0.0.0.0 GATEWAY_MEDIA_DIR=/state/media HEALTH_URL=http://127.0.0.1:7860/health
EXPOSE 7860

# Runs once and ends: it has no address, so HEALTH_URL stays empty.
FROM runtime AS service-pipeline
COPY feature_repo feature_repo
# The same image runs the writer: `serve`.
COPY services/writer services/writer
ENV PIPELINE_FEATURE_STORE=/state/store PIPELINE_MEDIA_DIR=/state/media HEALTH_URL=

FROM service-${SERVICE}
# Without the environment's proxy, which would answer instead of the service.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s CMD ["python", "-ISc", "import os, urllib.request as r; u = os.environ['HEALTH_URL']; u and r.build_opener(r.ProxyHandler({})).open(u, timeout=4)"]
# At the end, so that a new version rebuilds nothing.
ARG SERVICE
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="multimodal-search ${SERVICE}" \
      org.opencontainers.image.description="Search products by words and by picture: ${SERVICE}" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
