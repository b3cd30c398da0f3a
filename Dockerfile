# The service in a container: Coq, the compiled kernel, the engine, the Python package; no compiler, no root, nothing to write but
# /app/logs and /app/var (and /tmp).
#
#   docker build -t logos-pxl:0.5 .
#
# The base image is pinned by version. To pin it by content too, so that no other image can take its name, put the digest behind it in
# both FROM lines (debian:12.11-slim@sha256:...):
#
#   docker buildx imagetools inspect debian:12.11-slim --format '{{.Manifest.Digest}}'
#
# Debian's packages are those of the day of the build, with its security updates; Rust crates and Python packages are locked with hashes.

FROM debian:12.11-slim AS build
WORKDIR /app
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# Each step is what `make build` does, in the order in which things change: most builds begin at the last.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends make python3 python3-venv ca-certificates \
 && rm -rf /var/lib/apt/lists/*
COPY Makefile ./
COPY requirements/debian.sh requirements/
RUN make build/debian.stamp
COPY pyproject.toml README.md LICENSE ./
COPY client/pyproject.toml client/README.md client/LICENSE client/
COPY requirements/build.txt requirements/run.txt requirements/
COPY src/logos_pxl/version.py src/logos_pxl/
RUN make build/install.stamp
COPY engine engine
RUN make build/engine.stamp
COPY coq coq
RUN make build/coq.stamp
COPY client/src client/src
COPY src src
# What only building needs goes. Python's compiled files are made now, for the image is read-only, and never looked at again.
RUN make build \
 && .venv/bin/python -m pip uninstall --quiet --yes maturin hatchling pip \
 && .venv/bin/python -m compileall -q --invalidation-mode unchecked-hash client/src src .venv/lib \
 && find coq -name '*.o' -delete -o -name '*.cm[ixoa]' -delete -o -name '*.cmxa' -delete -o -name '*.a' -delete

FROM debian:12.11-slim
# Coq's package brings compilers along, so here is only what a session loads; its programs come from the build.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates libcoq-core-ocaml libcoq-stdlib libgmp10 libstdc++6 python3 tini \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 pxl \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin pxl \
 && install -d -o pxl -g pxl /app/logs /app/var
WORKDIR /app
COPY --from=build /usr/bin/coqtop /usr/bin/coqc /usr/bin/
COPY --from=build /app/.venv .venv
COPY --from=build /app/coq coq
COPY --from=build /app/client client
COPY --from=build /app/src src
COPY serve_pxl.py integration_test_suite.py ./
COPY configs configs
COPY scripts scripts
COPY web web
COPY deploy/healthcheck.py deploy/

ENV PATH=/app/.venv/bin:/usr/bin:/bin \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PXL_SERVER_HOST=0.0.0.0 \
    PXL_LOG_DIR=/app/logs \
    PXL_DATA_DIR=/app/var \
    PXL_COQ_DIR=/app/coq
EXPOSE 8088
VOLUME ["/app/logs", "/app/var"]
# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
# SIGTERM drains. tini passes it on from the first moment (the system keeps it from a process 1 that has no handler yet) and buries
# orphans.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-I", "deploy/healthcheck.py"]
ENTRYPOINT ["/usr/bin/tini", "--"]
CMD ["python", "serve_pxl.py"]
